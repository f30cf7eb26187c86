import { useEffect, useRef, useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Order } from "../state/commands";
import type { Session } from "../state/session";
import { strings } from "../strings";
import { EditField } from "./editable";
import { Cross } from "./icons";

/** Reads `key` or `key=value`; null when there is no key. */
export function parseTag(text: string): { key: string; value: string | null } | null {
  const equals = text.indexOf("=");
  const key = (equals < 0 ? text : text.slice(0, equals)).trim();
  if (!key) return null;
  return { key, value: equals < 0 ? null : text.slice(equals + 1).trim() };
}

export function TagEditor({ session, run }: { session: Session; run: RunHead }) {
  const run_ids = [run.run_id];
  const back = (key: string): Order =>
    Object.hasOwn(run.tags, key)
      ? { type: "set_tag", run_ids, key, value: run.tags[key] ?? null }
      : { type: "remove_tag", run_ids, key };
  const give = (key: string, value: string | null) =>
    session.commands.give({ type: "set_tag", run_ids, key, value }, [back(key)]);
  const remove = (key: string) =>
    session.commands.give({ type: "remove_tag", run_ids, key }, [back(key)]);
  const add = (text: string) => {
    const tag = parseTag(text);
    if (tag) give(tag.key, tag.value);
  };
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
      <TagField session={session} runId={run.run_id} label={strings.addTag} onAdd={add} />
      {session.commands.undoable.value.length > 0 && (
        <button type="button" class="rw-link" onClick={() => session.commands.undo()}>
          {strings.undo}
        </button>
      )}
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
  const button = useRef<HTMLButtonElement>(null);
  const end = (text: string | null, byKey: boolean) => {
    setEditing(false);
    if (text !== null && text !== (value ?? "")) onChange(text || null);
    if (byKey) requestAnimationFrame(() => button.current?.focus());
  };
  if (editing) {
    return (
      <li class="rw-tag rw-editing">
        <span class="rw-tag-key">{name}</span>
        <EditField
          value={value ?? ""}
          label={strings.valueOfTag(name)}
          size={Math.max(6, (value ?? "").length)}
          onEnd={end}
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

const MOST_SUGGESTED = 8;

interface FieldProps {
  session: Session;
  runId: string;
  label: string;
  focus?: boolean;
  onAdd: (text: string) => void;
}

/** A field for `key` or `key=value`, which knows the tags of the experiment's other runs. */
export function TagField({ session, runId, label, focus, onAdd }: FieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const [known, setKnown] = useState<readonly string[]>([]);
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (focus) field.current?.focus();
  }, [focus]);
  const wanted = typed.trim().toLowerCase();
  const fitting = known
    .filter((tag) => tag.toLowerCase().includes(wanted) && tag.toLowerCase() !== wanted)
    .slice(0, MOST_SUGGESTED);
  const clear = () => {
    if (field.current) field.current.value = "";
    setTyped("");
  };
  // The suggestions stand over what is below: they go with each tag, and come with the next word.
  const add = (tag: string) => {
    onAdd(tag);
    clear();
    field.current?.focus();
    setOpen(false);
  };
  const suggest = () => {
    setOpen(true);
    session.ask<"tags_found">({ type: "suggest_tags", run_id: runId }).then(
      ({ tags }) =>
        setKnown(
          Object.entries(tags).flatMap(([key, values]) =>
            values.length > 0 ? values.map((value) => `${key}=${value}`) : [key],
          ),
        ),
      () => setKnown([]), // without suggestions a tag can still be typed
    );
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape comes up from the field and the list
    <span
      class="rw-tag-field"
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
      onKeyDown={(event) => {
        // JupyterLab has shortcuts on single keys.
        event.stopPropagation();
        if (event.key !== "Escape") return;
        clear();
        setOpen(false);
        field.current?.focus();
      }}
    >
      <input
        ref={field}
        class="rw-new-tag"
        aria-label={label}
        placeholder={strings.addTagHint}
        onFocus={suggest}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setOpen(true);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !parseTag(event.currentTarget.value)) return;
          add(event.currentTarget.value);
        }}
      />
      {open && fitting.length > 0 && (
        <ul class="rw-suggested" aria-label={strings.suggestedTags}>
          {fitting.map((tag) => (
            <li key={tag}>
              <button type="button" class="rw-link" onClick={() => add(tag)}>
                {tag}
              </button>
            </li>
          ))}
        </ul>
      )}
    </span>
  );
}
