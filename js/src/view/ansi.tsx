// Terminal output as text with colours: SGR sequences become classes, others are left out.

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are made of them
const SEQUENCE = /\x1b\[([0-9;?]*)([A-Za-z])/g;
const ESCAPE = "\x1b";

export interface Style {
  colour: number | null;
  bold: boolean;
}

export const PLAIN: Style = { colour: null, bold: false };

/** One line, beginning in the style that the lines before have left. */
export function Line({ text, style }: { text: string; style: Style }) {
  if (!text.includes(ESCAPE)) return piece(text, style, 0);
  const parts = [];
  let now = style;
  let from = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    parts.push(piece(text.slice(from, match.index), now, from));
    now = changed(now, match);
    from = match.index + match[0].length;
  }
  parts.push(piece(text.slice(from), now, from));
  return <>{parts}</>;
}

/** Returns the style that a line leaves to the next one. */
export function styleAfter(text: string, style: Style): Style {
  if (!text.includes(ESCAPE)) return style;
  return [...text.matchAll(SEQUENCE)].reduce(changed, style);
}

function piece(text: string, style: Style, key: number) {
  if (!text || (style.colour === null && !style.bold)) return <>{text}</>;
  const colour = style.colour === null ? "" : ` rw-ansi-${style.colour}`;
  return (
    <span key={key} class={`${style.bold ? "rw-bold" : ""}${colour}`}>
      {text}
    </span>
  );
}

function changed(before: Style, sequence: RegExpMatchArray): Style {
  if (sequence[2] !== "m") return before;
  let style = before;
  const codes = (sequence[1] || "0").split(";").map(Number);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    // Of 256 or of all colours, which the themes do not have: what follows names the colour.
    if (code === 38 || code === 48) i += codes[i + 1] === 5 ? 2 : 4;
    else if (code === 0) style = PLAIN;
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 22) style = { ...style, bold: false };
    else if (code === 39) style = { ...style, colour: null };
    else if (code >= 30 && code <= 37) style = { ...style, colour: code - 30 };
    else if (code >= 90 && code <= 97) style = { ...style, colour: code - 90 };
  }
  return style;
}
