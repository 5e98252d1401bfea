/** The grid: its two axes as the visitor wrote them, and the pictures of the grid drawn last. */
import { computed, signal } from "@preact/signals";
import { announce } from "../../../app/announce";
import type { Picture } from "../../../engine/contract/generation";
import { keep } from "../../gallery/gallery";
import { drawAll } from "../drawing";
import { mayDraw } from "../generate";
import { start } from "../start-picture";
import { plainWish, type Wish, wishNow } from "../wish";
import { type AxisChoice, AxisProblem, type AxisValue, parametersFor, valuesOf } from "./axes";
import { gridText } from "./text";

const MAX_PICTURES = 64;

export interface Cell {
  picture: Picture;
  /** Id of the picture in the Gallery; `undefined` if it isn't kept. */
  galleryId: string | undefined;
}

export interface Grid {
  prompt: string;
  /** Width over height of the pictures. */
  ratio: number;
  columns: AxisValue[];
  /** If nothing changes from row to row, a single row without a name. */
  rows: AxisValue[];
  /** Cells, row by row; `undefined` until drawn. */
  cells: (Cell | undefined)[];
}

export const columns = signal<AxisChoice>({ parameter: "guidance", written: "2, 4, 6, 8" });
export const rows = signal<AxisChoice | undefined>(undefined);
export const grid = signal<Grid | undefined>(undefined);

const SINGLE_ROW: AxisValue = { label: "", apply: (wish) => wish };

export interface Plan {
  columns: AxisValue[];
  rows: AxisValue[];
}

/** Parameters that can change. Of the start picture, only its presence matters here. */
export const offered = computed(() => parametersFor(plainWish()).concat(start.value ? ["change"] : []));

/** The grid that would be drawn, or a problem and the axis or axes that cause it. */
export const plan = computed<Plan | { problem: string; of: "columns" | "rows" | "both" }>(() => {
  const wish = plainWish();
  const words = gridText.problems;
  const across = read(columns.value, wish);
  if (typeof across === "string") return { problem: across, of: "columns" };
  const down = rows.value ? read(rows.value, wish) : [SINGLE_ROW];
  if (typeof down === "string") return { problem: down, of: "rows" };
  // Only the prompt may be on both axes: two different words of it can change.
  if (rows.value?.parameter === columns.value.parameter && columns.value.parameter !== "prompt") {
    return { problem: words.same, of: "rows" };
  }
  if (across.length * down.length > MAX_PICTURES) {
    return { problem: words.tooManyPictures(MAX_PICTURES), of: "both" };
  }
  return { columns: across, rows: down };
});

function read(axis: AxisChoice, wish: Wish): AxisValue[] | string {
  // An adapter or the start picture may be gone since it was chosen.
  if (!offered.value.includes(axis.parameter)) return gridText.problems.noEffect;
  try {
    return valuesOf(axis, wish);
  } catch (error) {
    if (error instanceof AxisProblem) return error.message;
    throw error;
  }
}

/** The wishes of a plan, row by row. */
export const wishesOf = ({ columns, rows }: Plan, wish: Wish): Wish[] =>
  rows.flatMap((row) => columns.map((column) => row.apply(column.apply(wish))));

/** Draws the grid; each picture shows and is kept as it comes. */
export async function drawGrid(): Promise<void> {
  const planned = plan.value;
  if ("problem" in planned || !mayDraw()) return;
  const wish = wishNow();
  const wishes = wishesOf(planned, wish);
  const { prompt, width, height } = wish;
  grid.value = { ...planned, prompt, ratio: width / height, cells: wishes.map(() => undefined) };
  const complete = await drawAll(wishes, "grid", async (place, { heatMaps: _, ...picture }, request) => {
    setCell(place, { picture, galleryId: undefined });
    setCell(place, { picture, galleryId: await keep(picture, request.record, request.source) });
  });
  if (complete) announce(gridText.done);
}

function setCell(place: number, cell: Cell): void {
  if (grid.value) grid.value = { ...grid.value, cells: grid.value.cells.with(place, cell) };
}

/** "Guidance: 4, Steps: 10" */
export function labelsOf({ columns, rows }: Plan, place: number): string {
  const column = columns[place % columns.length];
  const row = rows[Math.floor(place / columns.length)];
  return [column, row].flatMap((value) => (value?.label ? [value.label] : [])).join(", ");
}
