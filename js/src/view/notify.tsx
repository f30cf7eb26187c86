import { useEffect, useRef } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { strings } from "../strings";
import { Bell } from "./icons";

/** Asks for the browser's notification when the run ends. */
export function NotifyButton({ session, run }: { session: Session; run: RunHead }) {
  const asked = session.notifying.value;
  const was = useRef(run.status);
  useEffect(() => {
    const ended = isLive(was.current) && !isLive(run.status);
    was.current = run.status;
    if (!ended || !session.notifying.value) return;
    session.notifying.value = false;
    new Notification(strings.notified(run.display_name, run.status), { tag: run.run_id });
  }, [session, run.status, run.display_name, run.run_id]);
  if (!isLive(run.status) || typeof Notification === "undefined") return null;
  const toggle = async () => {
    if (asked) session.notifying.value = false;
    else if ((await Notification.requestPermission()) === "granted") session.notifying.value = true;
    else session.commands.notify("alert", strings.notifyRefused);
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
