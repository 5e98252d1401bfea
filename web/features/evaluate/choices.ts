/** Choices before an evaluation: adapter, photos, prompts, strengths and seeds. None of them is stored. */
import { computed, signal } from "@preact/signals";
import complexPrompts from "../../../src/evaluation/prompt_sets/complex.txt?raw";
import { library } from "../adapters/library";
import { steps as usualSteps } from "../generate/form";
import { model } from "../models/model";
import { PhotoList } from "../personalize/photo-list";
import { busy } from "../personalize/run";
import { subjects } from "../personalize/subjects";
import { ownPrompts, promptsOf, withoutNoun } from "./prompt-set";
import { evaluateText as text } from "./text";

/** Adapters that can be evaluated: those with a new word, which is put into the prompts. */
export const adapters = computed(() => library.value.filter(({ report }) => report.placeholder !== null));

const chosenKey = signal<string | undefined>(undefined);
/** Adapter to evaluate: the latest, unless another was chosen. */
export const adapter = computed(
  () => adapters.value.find(({ key }) => key === chosenKey.value) ?? adapters.value.at(-1),
);

const ownNoun = signal<string | undefined>(undefined);
export const classNoun = computed(() => ownNoun.value ?? adapter.value?.report.classNouns[0] ?? "");

export function chooseAdapter(key: string): void {
  chosenKey.value = key;
  ownNoun.value = undefined;
}

export function setClassNoun(noun: string): void {
  ownNoun.value = noun;
}

/** Photos chosen here. */
export const ownPhotos = new PhotoList();
/** Photos under Personalize of a subject with the same class noun; used until photos are chosen here. */
export const borrowed = computed(() => {
  if (ownPhotos.photos.value.length > 0) return undefined;
  const noun = classNoun.value.trim();
  return subjects.value.find((subject) => noun !== "" && subject.noun === noun)?.list.photos.value;
});
export const photos = computed(() => borrowed.value ?? ownPhotos.photos.value);

export const promptSet = signal<"complex" | "own">("complex");
export const ownLines = signal("");
export const STRENGTHS = [0.25, 0.5, 0.75, 1, 1.25] as const;
export const strengths = signal<readonly number[]>([0.5, 1]);
export const MAX_SEEDS = 8;
export const seeds = signal(1);
const ownSteps = signal<number | undefined>(undefined);
export const steps = computed(() => ownSteps.value ?? usualSteps.value);

export function setSteps(value: number): void {
  ownSteps.value = value;
}

export function toggleStrength(strength: number): void {
  const now = strengths.value;
  strengths.value = now.includes(strength) ? now.filter((one) => one !== strength) : [...now, strength];
}

export const prompts = computed(() => {
  const noun = classNoun.value.trim();
  const phrase = adapter.value?.report.phrases[0] ?? "";
  return promptSet.value === "complex"
    ? promptsOf(complexPrompts, noun, phrase)
    : ownPrompts(ownLines.value, noun, phrase);
});

export const pictures = computed(() => prompts.value.length * seeds.value * (strengths.value.length + 1));

/** The first thing that keeps an evaluation from starting, as a sentence. */
export const obstacle = computed<string | undefined>(() => {
  const words = text.obstacles;
  if (model.value.state !== "ready") return words.model;
  if (busy.value) return words.busy;
  if (!adapter.value) return words.adapter;
  const noun = classNoun.value.trim();
  if (!noun) return words.noun;
  if (photos.value.length === 0) return words.photos;
  if (prompts.value.length === 0) return words.prompts;
  const stray = promptSet.value === "own" ? withoutNoun(ownLines.value, noun) : undefined;
  if (stray) return words.nounNotInPrompt(stray, noun);
  if (strengths.value.length === 0) return words.strengths;
  return undefined;
});
