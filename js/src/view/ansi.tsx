// Terminal output as text with colours and links; what else it orders a terminal is left out.

import { Fragment } from "preact";

/* biome-ignore-start lint/suspicious/noControlCharactersInRegex: terminals are made of them */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
/** In their order: CSI, OSC and the like, the choice of a character set, others, control characters.
 * What is not whole yet at the end of a line is one, too. */
const SEQUENCE =
  /\x1b\[([0-?]*)[ -/]*([@-~]|$)|\x1b([\]PX^_])([^\x07\x1b]*)(?:\x07|\x1b\\)?|\x1b[ -/]+[0-~]?|\x1b[0-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
/* biome-ignore-end lint/suspicious/noControlCharactersInRegex: terminals are made of them */
const CODES = /^[\d:;]*$/;
const LINK = /^8;[^;]*;(.*)$/;
const SAFE = /^https?:\/\//i;
const WHITE = 7;

/** What a terminal's colours are in the themes, from red to white. */
const GROUNDS = ["bad", "good", "stopped", "live", "unsure", "live", "muted"];
/** So thin a colour leaves plain text readable, in each theme. */
const GROUND_PERCENT = 20;
/** Up to which hue, in degrees, a colour is nearest to which of the terminal's. */
const HUES = [
  [20, 1],
  [75, 3],
  [165, 2],
  [200, 6],
  [260, 4],
  [330, 5],
  [360, 1],
] as const;

export interface Style {
  /** One of a terminal's eight; null: that of plain text. */
  colour: number | null;
  ground: number | null;
  bold: boolean;
  inverse: boolean;
  link: string | null;
}

export const PLAIN: Style = { colour: null, ground: null, bold: false, inverse: false, link: null };

/** One line, beginning in the style that the lines before have left. */
export function Line({ text, style }: { text: string; style: Style }) {
  if (!CONTROL.test(text)) return piece(text, style, 0);
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
  if (!CONTROL.test(text)) return style;
  return [...text.matchAll(SEQUENCE)].reduce(changed, style);
}

function piece(text: string, style: Style, key: number) {
  // Black is taken for the terminal's own ground.
  const ground = (style.inverse ? style.colour || WHITE : style.ground) || null;
  // On another ground text is plain: of two colours nobody knows whether they go together.
  const colour = ground === null && style.colour !== null ? `rw-ansi-${style.colour}` : "";
  const kind = [style.bold ? "rw-bold" : "", colour].filter(Boolean).join(" ");
  const shown = style.link === null ? text : linked(style.link, text);
  if (!text || (!kind && ground === null)) return <Fragment key={key}>{shown}</Fragment>;
  return (
    <span key={key} class={kind} style={ground === null ? {} : { backgroundColor: tint(ground) }}>
      {shown}
    </span>
  );
}

const tint = (ground: number): string =>
  `color-mix(in srgb, var(--rw-${GROUNDS[ground - 1]}) ${GROUND_PERCENT}%, transparent)`;

const linked = (address: string, text: string) => (
  <a
    href={address}
    target="_blank"
    rel="noopener noreferrer"
    style={{ color: "inherit", textDecoration: "underline" }}
  >
    {text}
  </a>
);

function changed(before: Style, sequence: RegExpMatchArray): Style {
  const [, codes, final, kind, said] = sequence;
  if (final === "m" && CODES.test(codes ?? "")) return coloured(before, codes || "0");
  if (kind !== "]" || said === undefined) return before;
  const address = LINK.exec(said)?.[1];
  if (address === undefined) return before;
  return { ...before, link: SAFE.test(address) ? address : null };
}

function coloured(before: Style, text: string): Style {
  let style = before;
  // With colons a code has its numbers with it, with semicolons they follow as codes.
  const codes = text.split(";").map((code) => code.split(":").map(Number));
  for (let i = 0; i < codes.length; i++) {
    const [code = 0, ...own] = codes[i] ?? [];
    if (code === 38 || code === 48 || code === 58) {
      const next = codes.slice(i + 1, i + 5).map(([number = 0]) => number);
      if (own.length === 0) i += next[0] === 5 ? 2 : 4;
      const colour = nearest(own.length === 0 ? next : own);
      if (code === 38) style = { ...style, colour };
      else if (code === 48) style = { ...style, ground: colour };
    } else if (code === 0) style = { ...PLAIN, link: style.link };
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 22) style = { ...style, bold: false };
    else if (code === 7) style = { ...style, inverse: true };
    else if (code === 27) style = { ...style, inverse: false };
    else if (code === 39) style = { ...style, colour: null };
    else if (code === 49) style = { ...style, ground: null };
    else if (code >= 30 && code <= 37) style = { ...style, colour: code - 30 };
    else if (code >= 40 && code <= 47) style = { ...style, ground: code - 40 };
    else if (code >= 90 && code <= 97) style = { ...style, colour: code - 90 };
    else if (code >= 100 && code <= 107) style = { ...style, ground: code - 100 };
  }
  return style;
}

/** Returns the nearest of a terminal's eight, as others can't be read in each theme. A colour is
 * 5, number; or 2, red, green, blue; or 2, space, red, green, blue. */
function nearest([kind, ...numbers]: number[]): number | null {
  if (kind !== 5) return ofHue(numbers.length > 3 ? numbers.slice(1) : numbers);
  const [number = 0] = numbers;
  if (number < 16) return number % 8;
  if (number >= 232) return ofHue(Array(3).fill(8 + 10 * (number - 232)));
  const cube = number - 16;
  const level = (share: number) => (share % 6 === 0 ? 0 : 55 + 40 * (share % 6));
  return ofHue([Math.floor(cube / 36), Math.floor(cube / 6), cube].map(level));
}

function ofHue([red = 0, green = 0, blue = 0]: number[]): number | null {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  const range = most - least;
  // Nearly black and nearly white are the theme's own.
  if (range < 48) return most < 80 || least > 200 ? null : WHITE;
  const sixth =
    most === red
      ? (green - blue) / range
      : most === green
        ? 2 + (blue - red) / range
        : 4 + (red - green) / range;
  const hue = (60 * sixth + 360) % 360;
  return HUES.find(([end]) => hue < end)?.[1] ?? null;
}
