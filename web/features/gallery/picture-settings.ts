/**
 * What made a picture, in a form that outlives the visit: adapters by name instead of the engine's numbers.
 * It is kept beside the picture and inside its PNG. Whatever comes back from either is hostile until it has
 * passed `checkedSettings`.
 */
import { decodeRegion } from "./region-mask";

export interface UsedAdapter {
  name: string;
  strength: number;
}

/** Where a learned word might act; `mask` as `region-mask.ts` writes it. */
export interface UsedRegion {
  placeholder: string;
  mask: string;
}

/** How words and prompt were balanced; what was not used is missing. As in the engine's `GenerationSettings`. */
export interface SteeringSettings {
  delayedConcept?: number;
  delayedKeepsLora?: boolean;
  classPrompt?: string;
  strengthEnd?: number;
  embeddingNormClip?: number;
  regions?: UsedRegion[];
}

/** How a picture was drawn on another one, which the Gallery keeps with it; no file carries that. */
export interface UsedStart {
  /** The share of the steps that was made on it. */
  strength: number;
  /** Only where a mask told what was repainted. */
  maskBlur?: number;
  /** Its id in the Gallery of the browser that drew it. */
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
  /** Missing where it was drawn from noise. */
  start?: UsedStart;
}

/** Settings as found in a file: what it doesn't say is missing. */
export type FoundSettings = Partial<PictureSettings>;

const MAX_PROMPT = 20_000;
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

/** A list of objects that all pass. */
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

/** What every picture has. */
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

/** Only what the object says itself: nothing that came by its prototype. */
function own(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** The settings that pass their check, in an object of our own making: no foreign key is ever copied. */
export function acceptedSettings(value: unknown): FoundSettings {
  if (typeof value !== "object" || value === null) return {};
  const found = Object.entries({ ...CHECKS, ...STEERING_CHECKS, start: usedStart }).flatMap(
    ([key, check]) => {
      const accepted = check(own(value, key));
      return accepted === undefined ? [] : [[key, accepted] as const];
    },
  );
  return Object.fromEntries(found);
}

/** Whole settings, or `undefined` where any that all pictures have is missing or out of bounds. */
export function checkedSettings(value: unknown): PictureSettings | undefined {
  const found = acceptedSettings(value);
  return Object.keys(CHECKS).every((key) => key in found) ? (found as PictureSettings) : undefined;
}
