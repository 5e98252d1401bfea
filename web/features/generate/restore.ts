/** Fills Generate in with the settings of a picture, and says what could not be filled in as it was. */
import { signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { text } from "../../app/text";
import type { SamplerName } from "../../engine/contract";
import { library, plainName } from "../adapters/library";
import type { FoundSettings, UsedStart } from "../gallery/picture-settings";
import { model } from "../models/model";
import * as form from "./form";
import { type FormMemory, rememberForm } from "./form-memory";
import { restoreRegions } from "./regions";
import { type Size, sameSize, setSize, size } from "./size";
import { startFromGallery, startFromKept } from "./start-from-gallery";
import { BLUR_RANGE, maskBlur, STRENGTH_RANGE, startFrom, strength } from "./start-picture";
import * as steering from "./steering-settings";

const words = text.gallery.filledIn;

/** Shown until the next picture is drawn; so long it can be undone. */
export const filledIn = signal<{ notes: string[]; before: FormMemory } | undefined>(undefined);

/** Until the picture to start from is there. */
let filling = Promise.resolve();

/** Where settings come from. */
export interface Origin {
  /** The name of one. */
  file?: string;
  /** The number of one of the Gallery's. */
  entry?: string;
}

/** What the settings don't say stays as it is, but for the adapters: those not named are switched off. */
export function fillIn(settings: FoundSettings, from: Origin = {}): void {
  keepFilledIn();
  const before = rememberForm();
  const { prompt, negativePrompt, seed, steps, guidanceScale } = settings;
  if (prompt !== undefined) form.prompt.value = prompt;
  if (negativePrompt !== undefined) form.negativePrompt.value = negativePrompt;
  form.promptMissing.value = false;
  if (seed !== undefined) {
    form.seed.value = seed;
    form.seedLocked.value = true;
  }
  const notes = [
    ...(from.file ? [words.file(from.file)] : []),
    ...fillNumber(text.generate.steps, steps, form.STEPS_RANGE, form.setSteps),
    ...fillNumber(text.generate.guidance, guidanceScale, form.GUIDANCE_RANGE, (value) => {
      form.guidanceScale.value = value;
    }),
    ...fillSampler(settings.sampler),
    ...fillSize(settings),
    ...fillSteering(settings),
    ...fillAdapters(settings.adapters ?? []),
    ...modelNotes(settings),
  ];
  filledIn.value = { notes, before };
  announce(words.title);
  filling = fillStart(settings.start, from);
}

/** There is no way back any more. */
export function keepFilledIn(): void {
  filledIn.value?.before.letGo();
  filledIn.value = undefined;
}

/** Everything as it was before. */
export async function undoFillIn(): Promise<void> {
  const undone = filledIn.value;
  filledIn.value = undefined;
  await filling;
  await undone?.before.bringBack();
  announce(words.undone);
}

/**
 * What a picture was drawn on comes back, with its mask, where the Gallery keeps it with the picture; else at least
 * where it is itself one of the Gallery's.
 */
async function fillStart(used: UsedStart | undefined, from: Origin): Promise<void> {
  startFrom(undefined);
  if (!used) return;
  const { galleryId } = used;
  strength.value = within(used.strength, STRENGTH_RANGE);
  if (used.maskBlur !== undefined) maskBlur.value = within(used.maskBlur, BLUR_RANGE);
  const isWhole = from.entry !== undefined && (await startFromKept(from.entry, galleryId));
  const isBack = isWhole || (galleryId !== undefined && (await startFromGallery(galleryId)));
  const notes = [
    isBack ? words.startIsBack : words.startNotKept,
    ...(used.maskBlur !== undefined && !isWhole ? [words.maskNotKept] : []),
  ];
  if (filledIn.value) filledIn.value = { ...filledIn.value, notes: [...filledIn.value.notes, ...notes] };
}

interface Range {
  min: number;
  max: number;
}

const within = (value: number, { min, max }: Range) => Math.min(Math.max(value, min), max);

function fillNumber(
  name: string,
  value: number | undefined,
  range: Range,
  set: (value: number) => void,
): string[] {
  if (value === undefined) return [];
  const nearest = within(value, range);
  set(nearest);
  return nearest === value ? [] : [words.limited(name, value, nearest)];
}

function fillSampler(name: string | undefined): string[] {
  if (name === undefined) return [];
  if (!isSampler(name)) return [words.noSampler(name)];
  form.sampler.value = name;
  return [];
}

/** A picture that says nothing of it was drawn without. */
function fillSteering(settings: FoundSettings): string[] {
  const { delayedConcept = 0, strengthEnd = 1, embeddingNormClip = null, regions = [] } = settings;
  const nearest = Math.min(delayedConcept, steering.MAX_DELAYED);
  steering.delayedConcept.value = nearest;
  steering.delayedKeepsLora.value = settings.delayedKeepsLora ?? false;
  steering.classPrompt.value = settings.classPrompt ?? "";
  steering.strengthEnd.value = strengthEnd;
  steering.embeddingNormClip.value = embeddingNormClip;
  restoreRegions(regions);
  return nearest === delayedConcept
    ? []
    : [words.limited(text.generate.steering.delayed, 100 * delayedConcept, 100 * nearest)];
}

const isSampler = (name: string): name is SamplerName => Object.hasOwn(text.generate.samplers, name);

function fillAdapters(wanted: NonNullable<FoundSettings["adapters"]>): string[] {
  library.value = library.value.map((entry) => {
    const named = wanted.find(({ name }) => name === plainName(entry.report));
    return { ...entry, active: named !== undefined, strength: named?.strength ?? entry.strength };
  });
  const here = library.value.map(({ report }) => plainName(report));
  return wanted.filter(({ name }) => !here.includes(name)).map(({ name }) => words.noAdapter(name));
}

/** What isn't a multiple of the sides here, or too large, becomes the nearest. */
function fillSize({ width, height }: FoundSettings): string[] {
  if (width === undefined || height === undefined) return [];
  setSize({ width, height });
  return sameSize({ width, height }, size.value)
    ? []
    : [words.otherSize(inPixels({ width, height }), inPixels(size.value))];
}

const inPixels = ({ width, height }: Size) => `${width} × ${height}`;

function modelNotes({ model: name }: FoundSettings): string[] {
  if (model.value.state !== "ready" || name === undefined) return [];
  return name === model.value.report.name ? [] : [words.otherModel(name)];
}
