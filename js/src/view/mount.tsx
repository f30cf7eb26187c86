import { render } from "preact";
import type { Channel } from "../state/channel";
import type { Session } from "../state/session";
import { strings } from "../strings";
import { ExperimentPage } from "./experiment-page";
import { Notices } from "./notices";
import { RunPage } from "./run-page";

/** Draws what the widget was made for into `el`; call what is returned to remove it. */
export function mountView(session: Session, channel: Channel, el: HTMLElement): () => void {
  const unmount = channel.mount();
  render(<View session={session} channel={channel} />, el);
  return () => {
    render(null, el);
    unmount();
  };
}

function View({ session, channel }: { session: Session; channel: Channel }) {
  const { experiment } = session.summary.value;
  const name = experiment
    ? strings.experiment(experiment.name)
    : strings.run(channel.run.value?.display_name ?? "");
  return (
    <section class="rw-root" aria-label={name} data-answered={channel.answered.value}>
      {experiment ? (
        <ExperimentPage session={session} channel={channel} />
      ) : (
        <RunPage session={session} channel={channel} />
      )}
      <Notices session={session} />
    </section>
  );
}
