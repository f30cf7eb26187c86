import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Pencil } from "./icons";

interface FieldProps {
  value: string;
  label: string;
  kind?: string;
  lines?: boolean;
  size?: number;
  /** Called once, with the text that is to be kept, and whether a key ended it; null: none is. */
  onEnd: (text: string | null, byKey: boolean) => void;
}

/** A field in the place of a text. Enter keeps what was typed, as does going elsewhere; Escape leaves
 * the text as it was, and so does who types nothing. */
export function EditField({ value, label, kind, lines, size, onEnd }: FieldProps) {
  const [first] = useState(value);
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const before = useRef("");
  const ended = useRef(false);
  useLayoutEffect(() => {
    before.current = field.current?.value ?? "";
    field.current?.focus();
    field.current?.select();
  }, []);

  const end = ({ currentTarget }: Event, keeps: boolean, byKey: boolean) => {
    if (ended.current) return; // a browser may tell of a field's blur as it is removed
    ended.current = true;
    const { value: text } = currentTarget as HTMLInputElement;
    onEnd(keeps && text !== before.current ? text.trim() : null, byKey);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.isComposing) return; // Enter then ends a word of Japanese, say
    const keeps = event.key === "Enter" && !(lines && event.shiftKey);
    if (!keeps && event.key !== "Escape") return;
    event.preventDefault();
    end(event, keeps, true);
  };
  const shared = {
    ref: field,
    class: kind,
    "aria-label": label,
    defaultValue: first,
    onKeyDown,
    onBlur: (event: FocusEvent) => end(event, true, false),
  };
  return lines ? <textarea rows={3} {...shared} /> : <input size={size} {...shared} />;
}

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

/** Text that is edited where it stands. */
export function Editable({ value, label, hint, lines, kind, onChange }: Props) {
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const end = (text: string | null, byKey: boolean) => {
    setEditing(false);
    if (text !== null && text !== value && (text || lines)) onChange(text);
    if (byKey) requestAnimationFrame(() => button.current?.focus());
  };
  if (editing) {
    return (
      <EditField value={value} label={label} kind={`rw-edit ${kind}`} lines={lines} onEnd={end} />
    );
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
