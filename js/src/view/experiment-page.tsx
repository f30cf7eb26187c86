import type { TreeRow } from "../messages";
import type { Channel } from "../state/channel";
import type { Session } from "../state/session";
import { strings } from "../strings";
import { useKept } from "./kept";
import { Knowledge } from "./knowledge";
import { Metrics } from "./metrics";
import { OpenedRun } from "./run-page";
import { RunTree } from "./run-tree";
import { StatusBar } from "./status-bar";

interface Props {
  session: Session;
  channel: Channel;
  /** Opens a run; left out, it is opened in the place of the table. */
  onOpen?: (row: TreeRow) => void;
  /** The run that is open beside the table. */
  current?: string | null;
}

/** The runs of an experiment, and the charts of those that are compared. */
export function ExperimentPage({ session, channel, onOpen, current }: Props) {
  const [inside, setInside] = useKept<TreeRow | null>(session, "inside", () => null);
  const experiment = channel.experiment.value ?? session.summary.value.experiment;
  if (!experiment) return <p class="rw-empty">{strings.loading}</p>;
  if (inside) {
    const from = { name: experiment.name, onBack: () => setInside(null) };
    return <OpenedRun session={session} row={inside} from={from} />;
  }
  return (
    <>
      <header class="rw-header rw-header-experiment">
        <strong class="rw-title rw-ellipsis" title={experiment.name}>
          {experiment.name}
        </strong>
      </header>
      <Knowledge channel={channel} />
      <div class="rw-content">
        <StatusBar counts={experiment.run_counts} label={strings.runsByStatus} />
        <RunTree
          session={session}
          channel={channel}
          label={strings.runs}
          empty={strings.noRuns}
          onOpen={onOpen ?? setInside}
          current={current}
        />
        {channel.look.value.compare.length > 0 && (
          <section aria-label={strings.comparedRuns}>
            <Metrics session={session} channel={channel} run={null} />
          </section>
        )}
      </div>
    </>
  );
}
