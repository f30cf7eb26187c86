// Terminal output as text with colours: SGR sequences become classes, others are left out.

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are made of them
const SEQUENCE = /\x1b\[([0-9;]*)([A-Za-z])/g;
/** What a carriage return has written over: a progress bar shows its last state alone. */
const WRITTEN_OVER = /[^\n\r]*\r(?!\n|$)/g;

interface Style {
  colour: number | null;
  bold: boolean;
}

export function AnsiText({ text }: { text: string }) {
  const parts = [];
  let style: Style = { colour: null, bold: false };
  let from = 0;
  const plain = text.replace(WRITTEN_OVER, "");
  for (const match of plain.matchAll(SEQUENCE)) {
    parts.push(piece(plain.slice(from, match.index), style, from));
    if (match[2] === "m") style = styled(style, match[1] ?? "");
    from = match.index + match[0].length;
  }
  parts.push(piece(plain.slice(from), style, from));
  return <>{parts}</>;
}

function piece(text: string, style: Style, key: number) {
  if (!text || (style.colour === null && !style.bold)) return text;
  const colour = style.colour === null ? "" : ` rw-ansi-${style.colour}`;
  return (
    <span key={key} class={`${style.bold ? "rw-bold" : ""}${colour}`}>
      {text}
    </span>
  );
}

function styled(before: Style, codes: string): Style {
  let style = before;
  for (const code of (codes || "0").split(";").map(Number)) {
    if (code === 0) style = { colour: null, bold: false };
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 22) style = { ...style, bold: false };
    else if (code === 39) style = { ...style, colour: null };
    else if (code >= 30 && code <= 37) style = { ...style, colour: code - 30 };
    else if (code >= 90 && code <= 97) style = { ...style, colour: code - 90 };
  }
  return style;
}
