/** Numbers and dates as people read them, in the page's language. */
import { locale } from "./language";
import { text } from "./text";

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1 });

export const count = (value: number) => whole.format(value);

/** Between a number and its unit: a line never ends there. */
const NO_BREAK = "\u00a0";

/** "39.7 MB"; decimal units, as browsers and shops count. */
export function megabytes(bytes: number): string {
  return `${oneDigit.format(bytes / 1e6)}${NO_BREAK}MB`;
}

/** "880 kB", from 1 MB on as `megabytes`: for sizes that start small and grow. */
export function fileSize(bytes: number): string {
  return bytes < 1e6 ? `${whole.format(Math.ceil(bytes / 1000))}${NO_BREAK}kB` : megabytes(bytes);
}

/** "310 MB", "2.7 GB": as exact as a plan deserves. */
export function gigabytes(bytes: number): string {
  return bytes >= 1e9
    ? `${oneDigit.format(bytes / 1e9)}${NO_BREAK}GB`
    : `${whole.format(bytes / 1e6)}${NO_BREAK}MB`;
}

/** Sizes of GPU limits, which are powers of two: "128 MiB", "32 KiB", "2 GiB". */
export function binarySize(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : oneDigit.format(value)} ${units[unit]}`;
}

/** "14.9 million" */
export function parameters(value: number): string {
  return value >= 1e9
    ? text.billion(oneDigit.format(value / 1e9))
    : text.million(oneDigit.format(value / 1e6));
}

/** "8 s", "3 min", "1 h 20 min": as exact as an estimate deserves. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const list = new Intl.ListFormat(locale);

/** "a, b, and c" */
export const listed = (items: readonly string[]) => list.format(items);

export const decimals = (value: number, digits: number) =>
  new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    value,
  );

const unrounded = new Intl.NumberFormat(locale, { maximumFractionDigits: 6, useGrouping: false });

/** "0.85": a setting as it was chosen. */
export const plainNumber = (value: number) => unrounded.format(value);

const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** "Nov 23, 2026, 6:12 PM", in the visitor's time zone; from milliseconds since 1970. */
export const dateTime = (time: number) => moment.format(time);
