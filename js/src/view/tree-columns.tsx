import { useEffect, useRef, useState } from "preact/hooks";
import type { Channel } from "../state/channel";
import { strings } from "../strings";

const FIXED = ["status", "duration", "created", "tags"];

/** What a person calls a column. */
export function nameOfColumn(column: string): string {
  const colon = column.indexOf(":");
  if (colon < 0) return strings.columnNames[column] ?? column;
  const name = column.slice(colon + 1);
  return column.startsWith("spark:") ? strings.trend(name) : name;
}

/** How a column's cells are set: numbers to the right. */
export function kindOf(column: string): string {
  if (column === "duration" || column.startsWith("metric:") || column.startsWith("param:")) {
    return "rw-number rw-right";
  }
  return column === "tags" ? "rw-row-tags" : "";
}

interface Props {
  channel: Channel;
  columns: readonly string[];
}

/** A list of all columns that there can be, to choose from. */
export function ColumnMenu({ channel, columns: shown }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      if (!event.composedPath().includes(box.current as EventTarget)) setOpen(false);
    };
    const root = box.current?.getRootNode() ?? document;
    root.addEventListener("pointerdown", close);
    box.current?.querySelector("input")?.focus();
    return () => root.removeEventListener("pointerdown", close);
  }, [open]);
  const offered = channel.offered.value;
  const trends = offered.filter((c) => c.startsWith("metric:")).map((c) => `spark:${c.slice(7)}`);
  const all = [...FIXED, ...offered, ...trends];
  const toggle = (column: string, on: boolean) => {
    const kept = shown.filter((one) => one !== column);
    // A new column stands before the tags, which are as wide as there is room.
    const place = kept.includes("tags") && column !== "tags" ? kept.indexOf("tags") : kept.length;
    const columns = on ? [...kept.slice(0, place), column, ...kept.slice(place)] : kept;
    channel.changeLook({ columns });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape comes up from the boxes
    <div
      class="rw-menu"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        class="rw-link"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {strings.columns}
      </button>
      {open && (
        <fieldset class="rw-menu-list">
          <legend class="rw-hidden">{strings.columns}</legend>
          {all.map((column) => (
            <label key={column}>
              <input
                type="checkbox"
                checked={shown.includes(column)}
                onChange={(event) => toggle(column, event.currentTarget.checked)}
              />
              <span class="rw-ellipsis">{nameOfColumn(column)}</span>
            </label>
          ))}
        </fieldset>
      )}
    </div>
  );
}
