/** The words of the Evaluate screen. */
import { inLanguage } from "../../app/language";

export const english = {
  title: "Evaluate an adapter",
  lead: "Draws the same prompts with the same seeds, with your adapter and without it, and measures two things: how well the pictures follow the prompt, and how near they are to your photos.",
  noAdapters:
    "There is no adapter with a word of its own yet. Train one under Personalize, or import one under Adapters.",

  subjectTitle: "What is judged",
  adapter: "Adapter",
  noun: "What is it?",
  nounHint: "The ordinary word for it; pictures are compared with prompts that name it so.",
  photosTitle: "Its photos",
  borrowed: (count: number, noun: string) =>
    `${count === 1 ? "The photo" : `The ${count} photos`} of the ${noun} under Personalize ${count === 1 ? "is" : "are"} compared with. Choose others here if they show something else.`,
  photosHint: "They are compared with, and stay in this page's memory only.",

  drawTitle: "What is drawn",
  prompts: "Prompts",
  promptSets: [
    ["complex", "Ten prompts of four elements each"],
    ["own", "My own"],
  ] as ["complex" | "own", string][],
  ownPrompts: "Your prompts",
  ownPromptsHint: (noun: string) => `One a line, each with the word “${noun || "dog"}” in it.`,
  strengths: "Strengths of the adapter",
  strengthsHint:
    "Turning an adapter down makes the prompt easier to follow: the curve over its strengths shows the trade.",
  seeds: "Pictures a prompt",
  steps: "Steps a picture",
  pictures: (count: number) => `${count} pictures in all.`,

  obstacles: {
    model: "The model is still loading.",
    busy: "A training is under way; wait until it ends.",
    adapter: "Choose an adapter.",
    noun: "Say what the photos show, in one ordinary word.",
    photos: "Choose the photos to compare with.",
    prompts: "Write at least one prompt.",
    nounNotInPrompt: (prompt: string, noun: string) => `“${prompt}” doesn't have the word “${noun}” in it.`,
    strengths: "Choose at least one strength.",
  },

  start: "Start",
  cancel: "Cancel",
  loadingJudge: (loaded: string, total: string) => `Fetching the judge: ${loaded} of ${total}`,
  preparing: "Getting the judge ready…",
  progress: (picture: number, of: number) => `Picture ${picture} of ${of}`,
  step: (step: number, steps: number) => `Step ${step} of ${steps}`,
  left: (time: string) => `about ${time} left`,
  cancelled: (done: number, of: number) =>
    `Cancelled after ${done} of ${of} pictures. What was measured is below.`,
  finished: "All pictures are drawn and scored.",

  resultsTitle: "Results",
  tableTitle: "Scores",
  resultsOf: (word: string, prompts: number, seeds: number) =>
    `${word}, ${prompts === 1 ? "1 prompt" : `${prompts} prompts`}, ${seeds === 1 ? "1 seed" : `${seeds} seeds`}. Scores mean something beside each other, not by themselves.`,
  intervals: "After ±: where the mean lies in 95 of 100 redraws of the pictures.",
  row: {
    base: "Without it",
    adapter: (strength: number) => `Strength ${strength}`,
    photos: "Your photos",
  },
  columns: {
    what: "Adapter",
    pictures: "Pictures",
    text: "Follows the prompt (CLIP-T)",
    image: "Near the photos (CLIP-I)",
    foreground: "The thing alone",
    clipScore: "CLIPScore",
  },
  elementColumn: (name: string) => `Prompt's ${name}`,
  elementNames: {
    style: "style",
    class: "thing",
    ambiance: "scene",
    property: "look",
  } as Record<string, string>,

  chartTitle: "Prompt against likeness",
  chartHint: "Up is nearer to the photos, right follows the prompt better. Both would be best.",
  chartLabel: (points: string) => `Likeness to the photos against following the prompt. ${points}`,
  chartPoint: (name: string, text: string, image: string) => `${name}: prompt ${text}, photos ${image}.`,
  textAxis: "follows the prompt →",
  imageAxis: "near the photos →",

  gridTitle: "The pictures",
  pictureLabel: (row: string, prompt: string, seed: number) => `${row}: “${prompt}”, seed ${seed}`,

  copy: "Copy as JSON",
  save: "Save as JSON",
};

export type EvaluateText = typeof english;

export const evaluateText = await inLanguage(english, {
  de: async () => (await import("../../app/german/evaluate-text")).germanEvaluate,
});
