import { render } from "preact";
import { expect, test } from "vitest";
import { Line, PLAIN, styleAfter } from "./ansi";

function drawn(text: string): HTMLElement {
  const place = document.createElement("div");
  render(<Line text={text} style={PLAIN} />, place);
  return place;
}

test("a line leaves its colour and weight to the next one", () => {
  const red = { ...PLAIN, colour: 1, bold: true };
  expect(styleAfter("\x1b[1;31mred", PLAIN)).toEqual(red);
  expect(styleAfter("\x1b[0mplain", red)).toEqual(PLAIN);
  expect(styleAfter("\x1b[mplain", red)).toEqual(PLAIN);
});

test("what orders a terminal is not shown", () => {
  const text =
    "\x1b(B\x1b[mplain \x1b]0;title\x07\x1b[?25l\x1b[2K\x1b[>4;1m\x1b7and\x1b8 \x1bPq#0\x1b\\more\x08\x07\x1b[3";
  expect(drawn(text).innerHTML).toBe("plain and more");
});

test("of 256 and of all colours the nearest of the themes' is shown", () => {
  const colour = (codes: string) => styleAfter(`\x1b[${codes}m`, PLAIN).colour;
  expect(colour("38;5;1")).toBe(1);
  expect(colour("38;5;196")).toBe(1);
  expect(colour("38;5;208")).toBe(3);
  expect(colour("38;5;46")).toBe(2);
  expect(colour("38;2;0;90;255")).toBe(4);
  expect(colour("38:2::255:0:200")).toBe(5);
  expect(colour("38:2:0:220:220")).toBe(6);
  expect(colour("38:5:244")).toBe(7);
  expect(colour("38;5;255")).toBe(null);
});

test("the numbers of a colour are not taken for codes of their own", () => {
  expect(styleAfter("\x1b[38;5;231m", PLAIN)).toEqual(PLAIN);
  expect(styleAfter("\x1b[58;2;31;32;33;1m", PLAIN)).toEqual({ ...PLAIN, bold: true });
  expect(styleAfter("\x1b[4:3;58:5:31m", PLAIN)).toEqual(PLAIN);
});

test("on a ground of its own text is plain", () => {
  const ground = (codes: string) => styleAfter(`\x1b[${codes}m`, PLAIN).ground;
  for (const codes of ["31;42", "31;102", "31;48;5;34", "31;48:2::0:160:40"]) {
    expect(ground(codes)).toBe(2);
    expect(drawn(`\x1b[${codes}mtext`).querySelector("span")?.className).toBe("");
  }
  expect(ground("42;49")).toBe(null);
  expect(drawn("\x1b[32;7mtext").querySelector("span")?.className).toBe("");
  expect(drawn("\x1b[32;7;27mtext").querySelector("span")?.className).toBe("rw-ansi-2");
  expect(drawn("\x1b[31;40mtext").querySelector("span")?.className).toBe("rw-ansi-1");
});

test("a link to the web can be followed, and of others there is the text", () => {
  const link = (address: string) => `\x1b]8;id=1;${address}\x1b\\the text\x1b]8;;\x07 after`;
  const place = drawn(link("https://example.org/a;b"));
  expect(place.textContent).toBe("the text after");
  expect(place.querySelector("a")?.href).toBe("https://example.org/a;b");
  expect(place.querySelector("a")?.textContent).toBe("the text");
  for (const address of ["file:///etc/passwd", "javascript:alert(1)"]) {
    expect(drawn(link(address)).innerHTML).toBe("the text after");
  }
});
