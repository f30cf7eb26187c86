import { useState } from "preact/hooks";
import type { TreeRow } from "../messages";
import type { Channel } from "../state/channel";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { count, strings } from "../strings";
import { CancelButton } from "./cancel";
import { parseTag, TagField } from "./tags";

interface Props {
  session: Session;
  channel: Channel;
  selected: ReadonlyMap<string, TreeRow>;
  onClear: () => void;
}

/** What can be done with several runs at once. */
export function Selection({ session, channel, selected, onClear }: Props) {
  const [tagging, setTagging] = useState(false);
  const run_ids = [...selected.keys()];
  const current = new Map(channel.tree.value.rows.map((row) => [row.run_id, row]));
  const live = run_ids.filter((id) => isLive((current.get(id) ?? selected.get(id))?.status ?? ""));
  const tag = (text: string) => {
    const parsed = parseTag(text);
    if (!parsed) return;
    const undo = run_ids.map((id) => {
      const before = (current.get(id) ?? selected.get(id))?.tags ?? {};
      return parsed.key in before
        ? {
            type: "set_tag" as const,
            run_ids: [id],
            key: parsed.key,
            value: before[parsed.key] ?? null,
          }
        : { type: "remove_tag" as const, run_ids: [id], key: parsed.key };
    });
    session.commands.give({ type: "set_tag", run_ids, ...parsed }, undo);
    setTagging(false);
  };
  const number = count(selected.size);
  return (
    <div class="rw-selection" role="toolbar" aria-label={strings.selection}>
      <span>{strings.selected(number)}</span>
      <button
        type="button"
        class="rw-button"
        aria-pressed={run_ids.every((id) => channel.look.value.compare.includes(id))}
        onClick={() => channel.changeLook({ compare: run_ids })}
      >
        {strings.compare}
      </button>
      {tagging ? (
        <TagField
          session={session}
          runId={run_ids[0] ?? ""}
          label={strings.tagSelected}
          focus
          onAdd={tag}
        />
      ) : (
        <button type="button" class="rw-button" onClick={() => setTagging(true)}>
          {strings.tagSelected}
        </button>
      )}
      {live.length > 0 && (
        <CancelButton
          names={{
            ask: strings.cancelSelected,
            confirm: strings.confirmCancelSelected(count(live.length)),
            keep: strings.keepRunning,
          }}
          requested={false}
          onCancel={() => session.commands.give({ type: "cancel", run_ids: live })}
        />
      )}
      <button type="button" class="rw-link" onClick={onClear}>
        {strings.clearSelection}
      </button>
    </div>
  );
}
