import type { Session } from "../state/session";
import { strings } from "../strings";
import { Cross } from "./icons";

/** What was refused, and what there is to say of what was done. */
export function Notices({ session }: { session: Session }) {
  return (
    <>
      {session.commands.notices.value.map((notice) => (
        <div
          key={notice.id}
          class={notice.kind === "alert" ? "rw-notice rw-error" : "rw-notice"}
          role={notice.kind === "alert" ? "alert" : "note"}
        >
          <p>{notice.text}</p>
          <button
            type="button"
            class="rw-icon-button"
            aria-label={strings.dismiss}
            onClick={() => session.commands.dismiss(notice.id)}
          >
            <Cross />
          </button>
        </div>
      ))}
    </>
  );
}
