/** The words of the grid: pictures over two settings. */
import { inLanguage } from "../../../app/language";

export const english = {
  title: "Compare in a grid",
  back: "Generate",
  lead: "Draws the same picture over and over with one or two things changed, so that you see what each does. All else is as under Generate.",
  base: (prompt: string, seed: number) => `“${prompt}”, seed ${seed}`,
  noPrompt: "Write a prompt under Generate first.",
  columns: "Columns",
  rows: "Rows",
  parameter: "What changes",
  none: "Nothing: a single row",
  parameters: {
    prompt: "Words of the prompt",
    seed: "Seed",
    steps: "Steps",
    guidance: "Guidance",
    sampler: "Sampler",
    adapterStrength: "Strength of the adapters",
    delayed: "Begin without the word, %",
    strengthEnd: "Strength at the end",
    change: "How much of the start picture changes",
  },
  values: "Values",
  numbersHint: "Separated by commas; 1-4 is 1, 2, 3, 4, and 0-1 [5] five from 0 to 1.",
  wordsHint: "Separated by commas. The first is in the prompt, the others take its place.",
  samplers: "Samplers",
  problems: {
    empty: "Give at least one value.",
    notANumber: (value: string) => `“${value}” is no number.`,
    outside: (value: string, least: number, most: number) => `${value} is not between ${least} and ${most}.`,
    notWhole: (value: string) => `${value} is no whole number.`,
    tooMany: (most: number) => `At most ${most} values.`,
    notInPrompt: (words: string) => `“${words}” is not in the prompt.`,
    noEffect: "That has no effect now: an adapter or a start picture is missing. Choose something else.",
    same: "Columns and rows change the same thing.",
    tooManyPictures: (most: number) => `At most ${most} pictures at once.`,
  },
  pictures: (count: number) => (count === 1 ? "1 picture" : `${count} pictures`),
  takes: (pictures: string, time: string) => `${pictures}, about ${time}`,
  timeUnknown: (pictures: string) => `${pictures}. How long that takes shows with the first one.`,
  start: "Draw the grid",
  result: "The grid",
  cell: (labels: string) => `Open the picture for ${labels}`,
  picture: (labels: string) => `Picture for ${labels}`,
  waiting: "not drawn",
  save: "Save as one PNG",
  toGallery: "Open in the Gallery",
  close: "Close",
  done: "The grid is drawn.",
};

export type GridText = typeof english;

export const gridText = await inLanguage(english, {
  de: async () => (await import("../../../app/german/grid-text")).germanGrid,
});
