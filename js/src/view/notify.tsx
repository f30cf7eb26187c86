import type { RunHead } from "../messages";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { strings } from "../strings";
import { Bell } from "./icons";

/** Asks for the browser's notification when the run ends, also from behind another page. */
export function NotifyButton({ session, run }: { session: Session; run: RunHead }) {
  if (!isLive(run.status) || typeof Notification === "undefined") return null;
  const asked = session.awaits(run.run_id);
  const toggle = async () => {
    if (asked) session.forgetEnd(run.run_id);
    else if ((await Notification.requestPermission()) === "granted") {
      session.awaitEnd(run.run_id, tell);
    } else session.commands.notify("alert", strings.notifyRefused);
  };
  return (
    <button
      type="button"
      class="rw-icon-button"
      aria-label={strings.notify}
      title={strings.notify}
      aria-pressed={asked}
      onClick={toggle}
    >
      <Bell on={asked} />
    </button>
  );
}

function tell(run: RunHead): void {
  new Notification(strings.notified(run.display_name, run.status), { tag: run.run_id });
}
