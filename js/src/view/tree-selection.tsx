import { useEffect, useRef, useState } from "preact/hooks";
import type { TreeRow } from "../messages";
import type { Channel } from "../state/channel";
import type { Order } from "../state/commands";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { MOST_ROWS, type TreeSelection } from "../state/tree-selection";
import { count, strings } from "../strings";
import { CancelButton } from "./cancel";
import { parseTag, TagField } from "./tags";

interface Props {
  session: Session;
  channel: Channel;
  selection: TreeSelection;
  /** Leads to where the runs that are compared are drawn, if that is elsewhere. */
  onCompare?: () => void;
}

/** What can be done with several runs at once. */
export function SelectionBar({ session, channel, selection, onCompare }: Props) {
  const [tagging, setTagging] = useState(false);
  const tagButton = useRef<HTMLButtonElement>(null);
  const wasTagging = useRef(false);
  useEffect(() => {
    if (wasTagging.current && !tagging) tagButton.current?.focus();
    wasTagging.current = tagging;
  }, [tagging]);
  const selected = selection.rows.value;
  const meant = selection.meant.value;
  const run_ids = [...selected.keys()];
  const live = [...selected.values()].filter((row) => isLive(row.status)).map((row) => row.run_id);
  const { compare } = channel.look.value;
  const compared = run_ids.length === compare.length && run_ids.every((id) => compare.includes(id));
  const tag = (text: string) => {
    const parsed = parseTag(text);
    if (!parsed) return;
    const undo = ordersBack([...selected.values()], parsed.key);
    session.commands.give({ type: "set_tag", run_ids, ...parsed }, undo);
    setTagging(false);
  };
  const number = count(selected.size);
  return (
    <div class="rw-selection" role="toolbar" aria-label={strings.selection}>
      <span aria-live="polite">
        {meant === null
          ? strings.selected(number)
          : strings.selectedOf(number, count(meant), count(MOST_ROWS))}
      </span>
      <button
        type="button"
        class="rw-button"
        aria-pressed={onCompare ? undefined : compared}
        onClick={() => {
          channel.changeLook({ compare: compared && !onCompare ? [] : run_ids });
          onCompare?.();
        }}
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
        <button ref={tagButton} type="button" class="rw-button" onClick={() => setTagging(true)}>
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
      <button type="button" class="rw-link" onClick={() => selection.clear()}>
        {strings.clearSelection}
      </button>
    </div>
  );
}

/** Returns what gives the runs back what they have now under a tag's key. */
function ordersBack(rows: readonly TreeRow[], key: string): Order[] {
  const lacking: string[] = [];
  const having = new Map<string | null, string[]>();
  for (const { run_id, tags } of rows) {
    const value = tags[key] ?? null;
    if (!Object.hasOwn(tags, key)) lacking.push(run_id);
    else having.set(value, [...(having.get(value) ?? []), run_id]);
  }
  const orders: Order[] = [...having].map(([value, run_ids]) => ({
    type: "set_tag",
    run_ids,
    key,
    value,
  }));
  return lacking.length > 0 ? [...orders, { type: "remove_tag", run_ids: lacking, key }] : orders;
}
