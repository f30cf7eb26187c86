import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Channel } from "../state/channel";
import { type Log, overwritten } from "../state/log";
import { type Found, LogReader } from "../state/log-reader";
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

/** Says why there is no log to show; of a notebook's picture, which keeps none, nothing is known. */
function whyNone(answered: boolean, run: RunHead): string {
  if (!answered) return strings.logNotRead;
  if (run.details.command !== undefined) return strings.noLog;
  return run.parent_id === null ? strings.noLogFile : strings.logOfParent;
}

/** The tail of a log. It follows until the person scrolls up, and reads what is looked at. */
export function LogView({ session, channel, run }: Props) {
  const reader = useMemo(
    () => new LogReader(session, channel, run.run_id),
    [session, channel, run.run_id],
  );
  const tail = channel.log.value;
  const log = reader.shown.value;
  const files = channel.logs.value;
  const told = (error: Error) => session.commands.notify("alert", error.message);
  useEffect(() => {
    reader.changedFile().catch(told);
  }, [reader, tail?.name]);
  if (!log || !tail) return <p class="rw-empty">{whyNone(channel.answered.value, run)}</p>;
  const listed = files.find((file) => file.name === log.name)?.size_bytes ?? 0;
  const size = Math.max(listed, tail.endBytes);
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
        <Find reader={reader} onError={told} />
        <Lacking reader={reader} />
        <label>
          <input
            type="checkbox"
            checked={!reader.piece.value}
            onChange={(event) => (event.currentTarget.checked ? reader.follow() : reader.hold())}
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
      <Lines key={log.name} reader={reader} log={log} onError={told} />
    </div>
  );
}

/** Says that there is more than what is shown, and leads there. */
function Lacking({ reader }: { reader: LogReader }) {
  const lacking = reader.lacking();
  if (lacking === 0) return null;
  return (
    <button type="button" class="rw-link" onClick={() => reader.follow()}>
      {lacking === null ? strings.toLogEnd : strings.newLines(count(lacking))}
    </button>
  );
}

interface LinesProps {
  reader: LogReader;
  log: Log;
  onError: (error: Error) => void;
}

/** Of many lines those in sight are drawn. */
function Lines({ reader, log, onError }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = useHeight(box);
  /** Where the box stood when it was last looked at: what has moved it since is the person. */
  const seenTop = useRef(0);
  const seenFirst = useRef(log.first);
  const lines = useMemo(
    () => (log.open ? [...log.lines, overwritten(log.open)] : log.lines),
    [log],
  );
  const following = !reader.piece.value;
  const found = reader.line.value;
  const marked = found === null ? -1 : found - log.first;
  const wanted = reader.found.value?.text.toLowerCase();

  const moveTo = (place: (element: HTMLElement) => number) => {
    const element = box.current;
    if (!element) return;
    element.scrollTop = place(element);
    seenTop.current = element.scrollTop;
    setTop(element.scrollTop);
  };
  useLayoutEffect(() => {
    const before = seenFirst.current - log.first;
    seenFirst.current = log.first;
    moveTo((element) => (following ? element.scrollHeight : element.scrollTop + before * LINE_PX));
    // What is not on the page yet can't be scrolled: once more when it has a height.
  }, [following, log, height]);
  useLayoutEffect(() => {
    if (marked >= 0) moveTo(() => Math.max(0, (marked - 5) * LINE_PX));
  }, [reader.jumps.value]);

  const readEarlier = () => reader.earlier().catch(onError);
  const onScroll = (event: { currentTarget: HTMLElement }) => {
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
    const moved = scrollTop - seenTop.current;
    const atEnd = scrollHeight - scrollTop - clientHeight < AT_END_PX;
    seenTop.current = scrollTop;
    setTop(scrollTop);
    if (moved < 0 && !atEnd) reader.hold();
    if (moved < 0 && scrollTop < LINE_PX && log.startBytes > 0) readEarlier();
    if (moved > 0 && atEnd) reader.reachedEnd(clientHeight / LINE_PX).catch(onError);
  };

  // A log in the place of a longer one is drawn before it is scrolled.
  const first = Math.max(0, Math.min(Math.floor(top / LINE_PX), lines.length) - MARGIN_LINES);
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
      aria-label={strings.logOf(log.name)}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      ref={box}
      onScroll={onScroll}
      onKeyDown={(event) => event.stopPropagation()}
    >
      {log.startBytes > 0 && (
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
  onError: (error: Error) => void;
}

function Find({ reader, onError }: FindProps) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const found = reader.found.value;
  const go = (by: number) => reader.go(by).catch(onError);
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
          timer.current = setTimeout(() => reader.find(text).catch(onError), FIND_AFTER_MS);
        }}
      />
      {found && (
        <span class="rw-muted rw-number" role="status" aria-label={strings.findInLog}>
          {said(found)}
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

/** Says which line it is, counted from the newest, of how many. */
function said({ linesBytes, at, searchedBytes }: Found): string {
  const all = linesBytes.length;
  const more = searchedBytes === null ? "" : "+";
  const place =
    all === 0 ? strings.noMatches : strings.matches(count(all - at), `${count(all)}${more}`);
  return searchedBytes === null ? place : `${place} ${strings.inLast(bytes(searchedBytes))}`;
}
