/** A whole grid as one picture: columns and rows with their names, on white. */
import { toCanvas } from "../../../ui/picture-view";
import type { Grid } from "./grid";

/** Longest side of the whole picture, in pixels, that every browser's canvas takes. */
const MAX_SIDE = 8192;
const GAP = 8;

export interface Layout {
  /** Width of each picture. */
  width: number;
  height: number;
  /** Room in pixels for the names of the columns, above, and of the rows, on the left. */
  above: number;
  left: number;
  font: number;
  total: { width: number; height: number };
}

/** Pictures keep their size unless the whole would be too large. */
export function layoutOf(
  columns: number,
  rows: number,
  hasRows: boolean,
  width: number,
  height: number,
): Layout {
  const scale = Math.min(
    1,
    MAX_SIDE / ((columns + (hasRows ? 1 : 0)) * (width + GAP)),
    MAX_SIDE / ((rows + 1) * (height + GAP)),
  );
  const [wide, high] = [Math.floor(width * scale), Math.floor(height * scale)];
  const font = Math.max(12, Math.round(Math.min(wide, high) / 14));
  const above = Math.ceil(3.4 * font) + GAP;
  const left = hasRows ? Math.ceil(0.8 * wide) : GAP;
  const total = { width: left + columns * (wide + GAP), height: above + rows * (high + GAP) };
  return { width: wide, height: high, above, left, font, total };
}

export async function gridPng({ columns, rows, cells }: Grid): Promise<Blob | undefined> {
  const first = cells.find((cell) => cell)?.picture;
  const hasRows = rows.some(({ label }) => label);
  if (!first) return undefined;
  const layout = layoutOf(columns.length, rows.length, hasRows, first.width, first.height);
  const canvas = new OffscreenCanvas(layout.total.width, layout.total.height);
  const context = canvas.getContext("2d");
  if (!context) return undefined;
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#18201c";
  context.font = `${layout.font}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const leftOf = (column: number) => layout.left + column * (layout.width + GAP);
  const topOf = (row: number) => layout.above + row * (layout.height + GAP);
  for (const [column, { label }] of columns.entries()) {
    write(context, label, leftOf(column) + layout.width / 2, layout.above / 2, layout.width, layout.font, 2);
  }
  for (const [row, { label }] of rows.entries()) {
    const room = layout.left - 2 * GAP;
    write(context, label, layout.left / 2, topOf(row) + layout.height / 2, room, layout.font, 5);
  }
  for (const [place, cell] of cells.entries()) {
    if (!cell) continue;
    const [column, row] = [place % columns.length, Math.floor(place / columns.length)];
    context.drawImage(toCanvas(cell.picture), leftOf(column), topOf(row), layout.width, layout.height);
  }
  return canvas.convertToBlob({ type: "image/png" });
}

/** Writes words centred on a place, in a limited number of lines; longer words end in an ellipsis. */
function write(
  context: OffscreenCanvasRenderingContext2D,
  words: string,
  x: number,
  y: number,
  width: number,
  font: number,
  most: number,
): void {
  const lines = linesOf(words, (line) => context.measureText(line).width <= width, most);
  const height = 1.25 * font;
  for (const [at, line] of lines.entries()) {
    context.fillText(line, x, y + (at - (lines.length - 1) / 2) * height, width);
  }
}

/** Breaks words into at most `most` lines that fit. */
export function linesOf(words: string, fits: (line: string) => boolean, most: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(/\s+/)) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `${lines[most - 1]}…`];
}
