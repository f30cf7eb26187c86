import { memo } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LogChunk } from "../state/log";
import type { Session } from "../state/session";
import { AnsiText } from "./ansi";
import { strings } from "./strings";

const AT_END_PX = 8;

/** The tail of a log. It follows until the person scrolls up. */
export function LogView({ session }: { session: Session }) {
  const log = session.log.value;
  const files = session.logs.value;
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, log]);

  if (!log) return <p class="rw-empty">{strings.noLogFile}</p>;
  return (
    <div class="rw-logs">
      <div class="rw-log-head">
        {files.length > 1 ? (
          <select
            aria-label={strings.logFile}
            value={log.name}
            onChange={(event) => session.changeLook({ log: event.currentTarget.value })}
          >
            {files.map((file) => (
              <option key={file.name}>{file.name}</option>
            ))}
          </select>
        ) : (
          <span class="rw-muted">{log.name}</span>
        )}
        <label>
          <input
            type="checkbox"
            checked={follow}
            onChange={(event) => setFollow(event.currentTarget.checked)}
          />
          {strings.follow}
        </label>
      </div>
      <div
        class="rw-log"
        role="log"
        aria-label={strings.logOf(log.name)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        ref={box}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          setFollow(scrollHeight - scrollTop - clientHeight < AT_END_PX);
        }}
        onKeyDown={(event) => event.stopPropagation()}
      >
        {log.cut && <p class="rw-muted">{strings.logCut}</p>}
        {log.chunks.length === 0 && <p class="rw-muted">{strings.noLog}</p>}
        {log.chunks.map((chunk) => (
          <Chunk key={chunk.key} chunk={chunk} />
        ))}
      </div>
    </div>
  );
}

const Chunk = memo(function Chunk({ chunk }: { chunk: LogChunk }) {
  return (
    <span>
      <AnsiText text={chunk.text} />
    </span>
  );
});
