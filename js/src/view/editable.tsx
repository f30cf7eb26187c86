import { useEffect, useRef, useState } from "preact/hooks";
import { Pencil } from "./icons";

interface Props {
  value: string;
  /** What the edit button and the field are called. */
  label: string;
  /** What stands there while there is no value. */
  hint?: string;
  lines?: boolean;
  kind: string;
  onChange: (value: string) => void;
}

/** Text that is edited where it stands: Enter keeps, Escape leaves it as it was. */
export function Editable({ value, label, hint, lines, kind, onChange }: Props) {
  const [editing, setEditing] = useState(false);
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (editing) field.current?.select();
  }, [editing]);

  const leave = () => {
    setEditing(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const keeps = event.key === "Enter" && !event.shiftKey;
    if (!keeps && event.key !== "Escape") return;
    event.preventDefault();
    const text = (event.currentTarget as HTMLInputElement).value.trim();
    if (keeps && text !== value && (text || lines)) onChange(text);
    leave();
  };
  if (editing) {
    const shared = {
      ref: field,
      class: `rw-edit ${kind}`,
      "aria-label": label,
      defaultValue: value,
      onKeyDown,
      onBlur: () => setEditing(false),
    };
    return lines ? <textarea rows={3} {...shared} /> : <input {...shared} />;
  }
  return (
    <span class={`rw-editable ${kind}`}>
      {value && (
        <span class={lines ? "rw-prose" : "rw-ellipsis"} title={lines ? undefined : value}>
          {value}
        </span>
      )}
      <button
        ref={button}
        type="button"
        class={value ? "rw-icon-button rw-pencil" : "rw-link"}
        aria-label={value ? label : undefined}
        title={value ? label : undefined}
        onClick={() => setEditing(true)}
      >
        {value ? <Pencil /> : hint}
      </button>
    </span>
  );
}
