/** Pictures from prompts: the settings, the run, and the pictures of this visit. */
import { computed, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { cleanPrompt, nounOf } from "../../app/prompts";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import type { DrawnPicture } from "../../engine/api";
import type { GenerationSettings, HeatMap, Picture, SamplerName } from "../../engine/contract";
import { type Fault, toFault } from "../../engine/fault";
import { type LibraryEntry, library, plainName } from "../adapters/library";
import { keep } from "../gallery/gallery";
import type { PictureSettings } from "../gallery/picture-settings";
import { model } from "../models/model";
import { mappableWords } from "./heat-map";
import { recordOfRegions } from "./regions";
import { type Steering, steering } from "./steering-settings";

type PlainSettings = Omit<GenerationSettings, keyof Steering | "heatMaps">;

export interface Result {
  key: number;
  /** Without steering and heat maps. */
  settings: PlainSettings;
  /** The settings as they go with the picture out of this visit. */
  record: PictureSettings;
  picture: Picture;
  /** Empty unless they were asked for. */
  heatMaps: HeatMap[];
  /** The same noise and settings without adapters, the class noun in the placeholder's place. */
  comparison: { prompt: string; picture: Picture } | undefined;
  /** Placeholders of the adapters that were on, with their class nouns. */
  words: { placeholder: string; classNoun: string }[];
}

/** Classifier-free guidance that suits the demo model. */
export const USUAL_GUIDANCE = 5;
export const STEPS_RANGE = { min: 1, max: 100 } as const;
export const GUIDANCE_RANGE = { min: 1, max: 15 } as const;

export const prompt = signal("");
export const negativePrompt = signal("");
export const seed = signal(randomSeed());
export const seedLocked = signal(false);
/** 0 stands for the model's default. */
const ownSteps = signal<number | undefined>(undefined);
export const guidanceScale = signal(USUAL_GUIDANCE);
export const sampler = signal<SamplerName>("ddim");

/** Whether heat maps of the prompt's words are drawn with the picture. */
export const mapsHeat = signal(false);

export const steps = computed(
  () => ownSteps.value ?? (model.value.state === "ready" ? model.value.report.defaultSteps : 25),
);
export const results = signal<Result[]>([]);
export const shownKey = signal<number | undefined>(undefined);
export const shown = computed(
  () => results.value.find(({ key }) => key === shownKey.value) ?? results.value[0],
);
export const progress = signal<{ step: number; steps: number; comparing: boolean } | undefined>(undefined);
export const fault = signal<Fault | undefined>(undefined);
export const promptMissing = signal(false);

let nextKey = 1;

export function setSteps(value: number): void {
  ownSteps.value = value;
}

export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** Puts a word or phrase into the prompt, with a space where needed. */
export function addToPrompt(words: string): void {
  const before = prompt.value;
  prompt.value = before && !/\s$/.test(before) ? `${before} ${words}` : before + words;
  promptMissing.value = false;
}

export async function generate(): Promise<void> {
  if (model.value.state !== "ready" || progress.value) return;
  promptMissing.value = !prompt.value.trim();
  if (promptMissing.value) return;
  if (!seedLocked.value && results.value.length > 0) seed.value = randomSeed();
  const { resolution: size, name: modelName } = model.value.report;
  const active = library.value.filter((entry) => entry.active);
  const settings: PlainSettings = {
    prompt: prompt.value.trim(),
    negativePrompt: negativePrompt.value.trim(),
    seed: seed.value,
    steps: steps.value,
    guidanceScale: guidanceScale.value,
    sampler: sampler.value,
    width: size,
    height: size,
    adapters: active.map(({ report, strength }) => ({ id: report.id, strength })),
  };
  const steered = steering(
    settings.prompt,
    wordsOf(active).map(({ placeholder }) => placeholder),
  );
  const drawn = await draw(
    { ...settings, ...steered, ...(mapsHeat.value ? { heatMaps: mappableWords(settings.prompt) } : {}) },
    false,
  );
  if (!drawn) return;
  const { heatMaps, ...picture } = drawn;
  const key = nextKey++;
  const record = recordOf(settings, modelName, active, steered);
  results.value = [
    { key, settings, record, picture, heatMaps, comparison: undefined, words: wordsOf(active) },
    ...results.value,
  ];
  shownKey.value = key;
  announce(text.generate.drawn(settings.prompt));
  await keep(picture, record);
}

/** Draws the shown picture once more as the untrained model would. */
export async function compare(shown: Result): Promise<void> {
  const plain = shown.words.reduce(
    (text, { placeholder, classNoun }) => cleanPrompt(text, placeholder, classNoun),
    shown.settings.prompt,
  );
  const drawn = await draw({ ...shown.settings, prompt: plain, adapters: [] }, true);
  if (!drawn) return;
  const { heatMaps: _, ...picture } = drawn;
  results.value = results.value.map((result) =>
    result.key === shown.key ? { ...result, comparison: { prompt: plain, picture } } : result,
  );
  announce(text.generate.compared);
  await keep(picture, recordOf({ ...shown.settings, prompt: plain }, shown.record.model, [], {}));
}

async function draw(settings: GenerationSettings, comparing: boolean): Promise<DrawnPicture | null> {
  fault.value = undefined;
  progress.value = { step: 0, steps: settings.steps, comparing };
  try {
    return await engine().generate(settings, (step, steps) => {
      if (progress.value) progress.value = { step, steps, comparing };
    });
  } catch (error) {
    fault.value = toFault(error);
    return null;
  } finally {
    progress.value = undefined;
  }
}

export function cancel(): void {
  engine().command("generation", "cancel");
}

/** Adapters by name: the engine's ids mean nothing outside this visit. */
const recordOf = (
  settings: PlainSettings,
  model: string,
  active: readonly LibraryEntry[],
  { regions, ...steered }: Steering,
): PictureSettings => ({
  ...settings,
  ...steered,
  ...(regions ? { regions: recordOfRegions(regions) } : {}),
  model,
  adapters: active.map(({ report, strength }) => ({ name: plainName(report), strength })),
});

const wordsOf = (entries: readonly LibraryEntry[]) =>
  entries.flatMap(({ report }) =>
    report.placeholders.map((placeholder, at) => ({
      placeholder,
      classNoun: report.classNouns[at] || nounOf(placeholder) || text.generate.anyNoun,
    })),
  );
