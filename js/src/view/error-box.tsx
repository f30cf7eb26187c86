import type { RunError } from "../messages";
import { strings } from "../strings";

/** Why the run failed: the first line in sight, the traceback folded. */
export function ErrorBox({ error }: { error: RunError }) {
  return (
    <div class="rw-error" role="alert">
      <p>{error.message}</p>
      {error.traceback && (
        <details>
          <summary>{strings.traceback}</summary>
          <pre>{error.traceback}</pre>
        </details>
      )}
    </div>
  );
}
