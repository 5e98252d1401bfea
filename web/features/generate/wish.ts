/**
 * Wishes: pictures to draw, and how they translate into the engine's settings and the picture's record. A
 * wish is a plain value: the form's settings, or a changed copy of them.
 */
import { nounOf, withClassNoun } from "../../app/prompts";
import { text } from "../../app/text";
import type { GenerationSettings, SamplerName, SourcePicture } from "../../engine/contract/generation";
import { type LibraryEntry, library, plainName } from "../adapters/library";
import type { PictureSettings, UsedStart } from "../gallery/picture-settings";
import { model } from "../models/model";
import * as form from "./form";
import { mappableWords } from "./heat-map";
import { recordOfRegions } from "./regions";
import { size } from "./size";
import * as starting from "./start-picture";
import { type SteeringChoice, steering, steeringChoice } from "./steering-settings";

export interface Wish {
  prompt: string;
  negativePrompt: string;
  seed: number;
  steps: number;
  guidanceScale: number;
  sampler: SamplerName;
  width: number;
  height: number;
  /** Active adapters, each with its strength. */
  adapters: Pick<LibraryEntry, "key" | "report" | "strength">[];
  /** `undefined` steers nothing. */
  steering: SteeringChoice | undefined;
  mapsHeat: boolean;
  /** `undefined` starts from noise. */
  start: WishedStart | undefined;
}

export interface WishedStart {
  source: SourcePicture;
  strength: number;
  maskBlur: number;
  galleryId: string | undefined;
}

/** A wish in the engine's terms, and the settings in the form that outlives this visit. */
export interface DrawingRequest {
  settings: GenerationSettings;
  source: SourcePicture | undefined;
  record: PictureSettings;
}

/** Wish for the form's current settings. */
export const wishNow = (): Wish => ({ ...plainWish(), start: startNow() });

/** Wish for the form's current settings, but from noise. */
export function plainWish(): Wish {
  const { width, height } = size.value;
  return {
    prompt: form.prompt.value.trim(),
    negativePrompt: form.negativePrompt.value.trim(),
    seed: form.seed.value,
    steps: form.steps.value,
    guidanceScale: form.guidanceScale.value,
    sampler: form.sampler.value,
    width,
    height,
    adapters: library.value.filter(({ active }) => active),
    steering: steeringChoice(),
    mapsHeat: form.mapsHeat.value,
    start: undefined,
  };
}

function startNow(): WishedStart | undefined {
  const source = starting.sourcePicture();
  if (!source) return undefined;
  return {
    source,
    strength: starting.strength.value,
    maskBlur: starting.maskBlur.value,
    galleryId: starting.start.value?.galleryId,
  };
}

export function requestOf(wish: Wish): DrawingRequest {
  const { adapters, steering: choice, mapsHeat, start, ...plain } = wish;
  const learned = wordsOf(wish).map(({ placeholder }) => placeholder);
  const steered = choice ? steering(choice, wish.prompt, learned) : {};
  const { regions, ...numbers } = steered;
  const used = start && recordOfStart(start);
  return {
    settings: {
      ...plain,
      promptSyntax: "weighted",
      ...steered,
      adapters: adapters.map(({ report, strength }) => ({ id: report.id, strength })),
      ...(mapsHeat ? { heatMaps: mappableWords(wish.prompt) } : {}),
      ...(used ? { strength: used.strength, maskBlur: used.maskBlur ?? 0 } : {}),
    },
    source: start?.source,
    record: {
      ...plain,
      ...numbers,
      ...(regions ? { regions: recordOfRegions(regions) } : {}),
      ...(used ? { start: used } : {}),
      // Adapters by name: the engine's numbers mean nothing outside this visit.
      adapters: adapters.map(({ report, strength }) => ({ name: plainName(report), strength })),
      model: model.value.state === "ready" ? model.value.report.name : "",
    },
  };
}

const recordOfStart = ({ source, strength, maskBlur, galleryId }: WishedStart): UsedStart => ({
  strength,
  ...(source.mask ? { maskBlur } : {}),
  ...(galleryId ? { galleryId } : {}),
});

/** The same picture as the untrained model would draw it: class nouns in place of learned words, nothing steered. */
export const withoutAdapters = (wish: Wish): Wish => ({
  ...wish,
  prompt: wordsOf(wish).reduce(
    (text, { placeholder, classNoun }) => withClassNoun(text, placeholder, classNoun),
    wish.prompt,
  ),
  adapters: [],
  steering: undefined,
  mapsHeat: false,
});

/** Learned words of the active adapters, with their class nouns. */
const wordsOf = ({ adapters }: Wish) =>
  adapters.flatMap(({ report }) =>
    report.placeholders.map((placeholder, at) => ({
      placeholder,
      classNoun: report.classNouns[at] || nounOf(placeholder) || text.generate.anyNoun,
    })),
  );

/** Number of steps that the engine makes: a start picture's strength skips some, rounded as in the engine. */
export const stepsOf = ({ steps, start }: Pick<Wish, "steps" | "start">) =>
  start ? Math.min(Math.floor(steps * start.strength), steps) : steps;
