import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Channel } from "../state/channel";
import { overwritten } from "../state/log";
import { LogReader } from "../state/log-reader";
import type { Session } from "../state/session";
import { count, strings } from "../strings";
import { Line, PLAIN, styleAfter } from "./ansi";
import { downloadFile } from "./download";
import { bytes } from "./format";
import { Down, Download, Up } from "./icons";
import { useHeight } from "./measure";

const LINE_PX = 17;
const MARGIN_LINES = 20;
const AT_END_PX = 8;
const FIND_AFTER_MS = 250;
/** How many lines above are looked at for the colour that goes on. */
const STYLE_LINES = 100;

interface Props {
  session: Session;
  channel: Channel;
  run: RunHead;
}

/** The tail of a log. It follows until the person scrolls up, and reads what is looked at. */
export function LogView({ session, channel, run }: Props) {
  const reader = useMemo(
    () => new LogReader(session, channel, run.run_id),
    [session, channel, run.run_id],
  );
  const [follow, setFollow] = useState(true);
  const tail = channel.log.value;
  const log = reader.piece.value ?? tail;
  const files = channel.logs.value;
  const told = (error: Error) => session.commands.notify("alert", error.message);
  if (!log || !tail) return <p class="rw-empty">{strings.noLogFile}</p>;
  const size = files.find((file) => file.name === log.name)?.size_bytes ?? log.endBytes;
  const whole = log.startBytes === 0 && log.endBytes >= size;
  return (
    <div class="rw-logs">
      <div class="rw-log-head">
        {files.length > 1 ? (
          <select
            aria-label={strings.logFile}
            value={log.name}
            onChange={(event) => {
              reader.follow();
              channel.changeLook({ log: event.currentTarget.value });
            }}
          >
            {files.map((file) => (
              <option key={file.name}>{file.name}</option>
            ))}
          </select>
        ) : (
          <span class="rw-muted rw-ellipsis">{log.name}</span>
        )}
        <span class="rw-muted rw-number">
          {whole ? bytes(size) : `${bytes(log.startBytes)}–${bytes(log.endBytes)} / ${bytes(size)}`}
        </span>
        <span class="rw-space" />
        <Find reader={reader} onFind={() => setFollow(false)} onError={told} />
        <label>
          <input
            type="checkbox"
            checked={follow}
            onChange={(event) => {
              if (event.currentTarget.checked) reader.follow();
              setFollow(event.currentTarget.checked);
            }}
          />
          {strings.follow}
        </label>
        <button
          type="button"
          class="rw-icon-button"
          aria-label={strings.downloadFile(log.name)}
          title={strings.downloadFile(log.name)}
          onClick={() => downloadFile(session, run.run_id, log.name).catch(told)}
        >
          <Download />
        </button>
      </div>
      <Lines
        key={log.name}
        reader={reader}
        name={log.name}
        lines={log.open ? [...log.lines, overwritten(log.open)] : log.lines}
        startBytes={log.startBytes}
        follow={follow && !reader.piece.value}
        onFollow={(on) => setFollow(on && !reader.piece.value)}
        onError={told}
      />
    </div>
  );
}

interface LinesProps {
  reader: LogReader;
  name: string;
  lines: readonly string[];
  startBytes: number;
  follow: boolean;
  onFollow: (on: boolean) => void;
  onError: (error: Error) => void;
}

/** Of many lines those in sight are drawn. */
function Lines({ reader, name, lines, startBytes, follow, onFollow, onError }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = useHeight(box);
  const marked = reader.line.value;
  const wanted = reader.found.value?.text.toLowerCase();

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (follow) element.scrollTop = element.scrollHeight;
    setTop(element.scrollTop);
    // What is not on the page yet can't be scrolled: once more when it has a height.
  }, [follow, lines, height]);
  useEffect(() => {
    if (marked >= 0 && box.current) box.current.scrollTop = Math.max(0, (marked - 5) * LINE_PX);
  }, [reader.jumps.value]);

  const readEarlier = () =>
    reader.earlier().then((came) => {
      if (box.current) box.current.scrollTop += came * LINE_PX;
    }, onError);
  const onScroll = (event: { currentTarget: HTMLElement }) => {
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
    const atEnd = scrollHeight - scrollTop - clientHeight < AT_END_PX;
    setTop(scrollTop);
    onFollow(atEnd);
    if (scrollTop < LINE_PX && startBytes > 0) readEarlier();
    if (atEnd) reader.later().catch(onError);
  };

  const first = Math.max(0, Math.floor(top / LINE_PX) - MARGIN_LINES);
  const last = Math.min(lines.length, first + Math.ceil(height / LINE_PX) + 2 * MARGIN_LINES);
  let style = PLAIN;
  for (let i = Math.max(0, first - STYLE_LINES); i < first; i++) {
    style = styleAfter(lines[i] ?? "", style);
  }
  const shown = [];
  for (let i = first; i < last; i++) {
    const text = lines[i] ?? "";
    const has = wanted !== undefined && text.toLowerCase().includes(wanted);
    const kind =
      i === marked ? "rw-log-line rw-found rw-here" : has ? "rw-log-line rw-found" : "rw-log-line";
    shown.push(
      <div class={kind} key={i}>
        <Line text={text} style={style} />
      </div>,
    );
    style = styleAfter(text, style);
  }
  return (
    <div
      class="rw-log"
      role="log"
      aria-live="off"
      aria-label={strings.logOf(name)}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      ref={box}
      onScroll={onScroll}
      onKeyDown={(event) => event.stopPropagation()}
    >
      {startBytes > 0 && (
        <button type="button" class="rw-link" onClick={readEarlier}>
          {strings.earlier}
        </button>
      )}
      {lines.length === 0 && <p class="rw-muted">{strings.noLog}</p>}
      <div style={{ height: `${first * LINE_PX}px` }} />
      {shown}
      <div style={{ height: `${(lines.length - last) * LINE_PX}px` }} />
    </div>
  );
}

interface FindProps {
  reader: LogReader;
  onFind: () => void;
  onError: (error: Error) => void;
}

function Find({ reader, onFind, onError }: FindProps) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const found = reader.found.value;
  const go = (by: number) => {
    onFind();
    reader.go(by).catch(onError);
  };
  return (
    <span class="rw-find">
      <input
        type="search"
        aria-label={strings.findInLog}
        placeholder={strings.findInLog}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") go(event.shiftKey ? 1 : -1);
        }}
        onInput={(event) => {
          const text = event.currentTarget.value;
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            if (text) onFind();
            reader.find(text).catch(onError);
          }, FIND_AFTER_MS);
        }}
      />
      {found && (
        <span class="rw-muted rw-number" role="status" aria-label={strings.findInLog}>
          {found.linesBytes.length === 0
            ? strings.noMatches
            : strings.matches(found.at + 1, count(found.linesBytes.length))}
        </span>
      )}
      {found && found.linesBytes.length > 1 && (
        <>
          <button
            type="button"
            class="rw-icon-button"
            aria-label={strings.previousMatch}
            onClick={() => go(-1)}
          >
            <Up />
          </button>
          <button
            type="button"
            class="rw-icon-button"
            aria-label={strings.nextMatch}
            onClick={() => go(1)}
          >
            <Down />
          </button>
        </>
      )}
    </span>
  );
}
