// Numbers, times and sizes as a person reads them.

import { strings } from "../strings";

export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * Time between start and end, or until now; empty for a run that has not started.
 *
 * Tenths are told only of what has ended: while it goes they would flicker.
 */
export function elapsed(startedMs: number | null, endedMs: number | null, nowMs: number): string {
  if (startedMs === null) return "";
  if (endedMs === null) return duration(nowMs - startedMs);
  const took = Math.max(0, endedMs - startedMs);
  return took < 10_000 ? `${(Math.floor(took / 100) / 10).toFixed(1)} s` : duration(took);
}

export function metric(value: number | string | boolean | null | undefined): string {
  if (value === undefined) return "";
  if (value === null) return "None";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

const TIME = { hour: "numeric", minute: "2-digit", second: "2-digit" } as const;
const DAY = { month: "short", day: "numeric" } as const;

/** A moment: its time of day, with the date unless it is today, and the year unless it is this. */
export function clockTime(unixMs: number, nowMs = Date.now()): string {
  const at = new Date(unixMs);
  const now = new Date(nowMs);
  if (at.toDateString() === now.toDateString()) return at.toLocaleTimeString(strings.locale, TIME);
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return at.toLocaleString(strings.locale, { ...year, ...DAY, ...TIME });
}
