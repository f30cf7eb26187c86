import { useEffect, useRef, useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Session } from "../state/session";
import { Cross } from "./icons";
import { strings } from "./strings";

/** Reads `key` or `key=value`; null when there is no key. */
export function parseTag(text: string): { key: string; value: string | null } | null {
  const equals = text.indexOf("=");
  const key = (equals < 0 ? text : text.slice(0, equals)).trim();
  if (!key) return null;
  return { key, value: equals < 0 ? null : text.slice(equals + 1).trim() };
}

export function TagEditor({ session, run }: { session: Session; run: RunHead }) {
  const give = (key: string, value: string | null) =>
    session.commands.give({ type: "set_tag", run_id: run.run_id, key, value });
  const remove = (key: string) =>
    session.commands.give({ type: "remove_tag", run_id: run.run_id, key });
  return (
    <div class="rw-tags">
      <ul aria-label={strings.tags}>
        {Object.entries(run.tags).map(([key, value]) => (
          <Tag
            key={key}
            name={key}
            value={value}
            onChange={(next) => give(key, next)}
            onRemove={() => remove(key)}
          />
        ))}
      </ul>
      <NewTag onAdd={give} />
    </div>
  );
}

interface TagProps {
  name: string;
  value: string | null;
  onChange: (value: string | null) => void;
  onRemove: () => void;
}

function Tag({ name, value, onChange, onRemove }: TagProps) {
  const [editing, setEditing] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (editing) field.current?.select();
  }, [editing]);

  const leave = () => {
    setEditing(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  if (editing) {
    return (
      <li class="rw-tag rw-editing">
        <span class="rw-tag-key">{name}</span>
        <input
          ref={field}
          aria-label={strings.valueOfTag(name)}
          defaultValue={value ?? ""}
          size={Math.max(6, (value ?? "").length)}
          onBlur={() => setEditing(false)}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter") onChange(event.currentTarget.value || null);
            if (event.key === "Enter" || event.key === "Escape") leave();
          }}
        />
      </li>
    );
  }
  return (
    <li class="rw-tag">
      <button
        ref={button}
        type="button"
        class="rw-tag-face"
        aria-label={strings.editTag(name)}
        title={strings.editTag(name)}
        onClick={() => setEditing(true)}
      >
        <span class="rw-tag-key">{name}</span>
        {value !== null && <span class="rw-tag-value">{value}</span>}
      </button>
      <button
        type="button"
        class="rw-tag-remove"
        aria-label={strings.removeTag(name)}
        title={strings.removeTag(name)}
        onClick={onRemove}
      >
        <Cross />
      </button>
    </li>
  );
}

function NewTag({ onAdd }: { onAdd: (key: string, value: string | null) => void }) {
  return (
    <input
      class="rw-new-tag"
      aria-label={strings.addTag}
      placeholder={strings.addTagHint}
      onKeyDown={(event) => {
        // JupyterLab has shortcuts on single keys.
        event.stopPropagation();
        if (event.key === "Escape") event.currentTarget.value = "";
        if (event.key !== "Enter") return;
        const tag = parseTag(event.currentTarget.value);
        if (!tag) return;
        onAdd(tag.key, tag.value);
        event.currentTarget.value = "";
      }}
    />
  );
}
