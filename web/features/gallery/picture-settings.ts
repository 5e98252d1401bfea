/**
 * Settings that made a picture, in a form that outlives the visit: adapters by name instead of by the
 * engine's ids. They are kept beside the picture and inside its PNG. Whatever is read from either is
 * untrusted until it has passed `checkedSettings`.
 */
import { decodeRegion } from "./region-mask";

export interface UsedAdapter {
  name: string;
  strength: number;
}

/** Region in which a learned word might act; `mask` has the format of `region-mask.ts`. */
export interface UsedRegion {
  placeholder: string;
  mask: string;
}

/** How words and prompt were balanced, as in `GenerationSettings`; settings that weren't used are missing. */
export interface SteeringSettings {
  delayedConcept?: number;
  delayedKeepsLora?: boolean;
  classPrompt?: string;
  strengthEnd?: number;
  embeddingNormClip?: number;
  regions?: UsedRegion[];
}

/** How a picture was drawn on another one. The Gallery keeps that other picture; no file carries it. */
export interface UsedStart {
  /** Share of the steps that was made on the other picture. */
  strength: number;
  /** Only present if a mask selected the repainted part. */
  maskBlur?: number;
  /** Id of the other picture in the Gallery of the browser that drew this one. */
  galleryId?: string;
}

export interface PictureSettings extends SteeringSettings {
  prompt: string;
  negativePrompt: string;
  seed: number;
  steps: number;
  guidanceScale: number;
  /** The engine's name of the sampler; another program's may be unknown here. */
  sampler: string;
  width: number;
  height: number;
  model: string;
  adapters: UsedAdapter[];
  /** Missing if the picture was drawn from noise. */
  start?: UsedStart;
}

/** Settings found in a file; those that it doesn't contain are missing. */
export type FoundSettings = Partial<PictureSettings> & {
  /** Sentences about what isn't taken over. */
  remarks?: string[];
};

/** Most characters of a prompt, in the fields too: what is longer could be drawn but not kept. */
export const MAX_PROMPT = 20_000;
const MAX_NAME = 200;
const MAX_ID = 64;
const MAX_ADAPTERS = 32;
const MAX_REGIONS = 16;
export const MAX_SEED = 0xffff_ffff;

type Check<T> = (value: unknown) => T | undefined;

const words =
  (most: number): Check<string> =>
  (value) =>
    typeof value === "string" && value.length <= most ? value : undefined;

const whole =
  (least: number, most: number): Check<number> =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? (value as number)
      : undefined;

const between =
  (least: number, most: number): Check<number> =>
  (value) =>
    typeof value === "number" && value >= least && value <= most ? value : undefined;

const yesOrNo: Check<boolean> = (value) => (typeof value === "boolean" ? value : undefined);

/** Check for a list of objects that all pass. */
const list =
  <T>(most: number, check: (item: object) => T | undefined): Check<T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > most) return undefined;
    const items = value.map((item) =>
      typeof item === "object" && item !== null ? check(item as object) : undefined,
    );
    return items.every((item) => item !== undefined) ? items : undefined;
  };

const adapterList = list(MAX_ADAPTERS, (adapter): UsedAdapter | undefined => {
  const name = words(MAX_NAME)(own(adapter, "name"));
  const strength = between(-100, 100)(own(adapter, "strength"));
  return name && strength !== undefined ? { name, strength } : undefined;
});

const regionList = list(MAX_REGIONS, (region): UsedRegion | undefined => {
  const placeholder = words(MAX_NAME)(own(region, "placeholder"));
  const mask = words(MAX_PROMPT)(own(region, "mask"));
  return placeholder && mask && decodeRegion(mask) ? { placeholder, mask } : undefined;
});

const usedStart: Check<UsedStart> = (value) => {
  if (typeof value !== "object" || value === null) return undefined;
  const strength = between(0, 1)(own(value, "strength"));
  const maskBlur = between(0, 1000)(own(value, "maskBlur"));
  const galleryId = words(MAX_ID)(own(value, "galleryId"));
  if (strength === undefined) return undefined;
  return {
    strength,
    ...(maskBlur === undefined ? {} : { maskBlur }),
    ...(galleryId === undefined ? {} : { galleryId }),
  };
};

/** Settings that every picture has. */
type Whole = Omit<PictureSettings, keyof SteeringSettings | "start">;

const CHECKS: { [Key in keyof Whole]: Check<Whole[Key]> } = {
  prompt: words(MAX_PROMPT),
  negativePrompt: words(MAX_PROMPT),
  seed: whole(0, MAX_SEED),
  steps: whole(1, 10_000),
  guidanceScale: between(0, 1000),
  sampler: words(MAX_NAME),
  width: whole(1, 65_536),
  height: whole(1, 65_536),
  model: words(MAX_NAME),
  adapters: adapterList,
};

const STEERING_CHECKS: { [Key in keyof SteeringSettings]-?: Check<NonNullable<SteeringSettings[Key]>> } = {
  delayedConcept: between(0, 1),
  delayedKeepsLora: yesOrNo,
  classPrompt: words(MAX_PROMPT),
  strengthEnd: between(0, 2),
  embeddingNormClip: between(0.001, 1000),
  regions: regionList,
};

/** An object's own value of the key, never one of its prototype. */
function own(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** The settings that pass their check, in an object of our own making: no foreign key is ever copied. */
export function acceptedSettings(value: unknown, prompts = CHECKS.prompt): FoundSettings {
  if (typeof value !== "object" || value === null) return {};
  const texts = { prompt: prompts, negativePrompt: prompts };
  const checks = { ...CHECKS, ...texts, ...STEERING_CHECKS, start: usedStart };
  const found = Object.entries(checks).flatMap(([key, check]) => {
    const accepted = check(own(value, key));
    return accepted === undefined ? [] : [[key, accepted] as const];
  });
  return Object.fromEntries(found);
}

/** Settings of a picture; `undefined` if one that every picture has is missing or out of bounds. */
export function checkedSettings(value: unknown, prompts = CHECKS.prompt): PictureSettings | undefined {
  const found = acceptedSettings(value, prompts);
  return Object.keys(CHECKS).every((key) => key in found) ? (found as PictureSettings) : undefined;
}

/** Of a kept picture, whose prompts may be longer than today's fields take: earlier versions kept such. */
export const storedSettings = (value: unknown) => checkedSettings(value, words(Number.POSITIVE_INFINITY));
