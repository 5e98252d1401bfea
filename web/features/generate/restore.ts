/** Fills in Generate's form with a picture's settings, and notes which could not be filled in exactly. */
import { signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { text } from "../../app/text";
import type { SamplerName } from "../../engine/contract/generation";
import { library, plainName, storageRead } from "../adapters/library";
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

/** The last fill-in's notes and the form before it; until the next picture, they show and Undo works. */
export const filledIn = signal<{ notes: string[]; before: FormMemory } | undefined>(undefined);

/** Resolves once the picture to start from is filled in. */
let filling = Promise.resolve();

/** Source of the settings. */
export interface Origin {
  /** Name of a file. */
  file?: string;
  /** Id of a picture in the Gallery. */
  entry?: string;
}

/** Fills in settings. Fields without one stay as they are, but adapters not named are switched off. */
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
    ...(settings.remarks ?? []),
    ...fillNumber(text.generate.steps, steps, form.STEPS_RANGE, form.setSteps),
    ...fillNumber(text.generate.guidance, guidanceScale, form.GUIDANCE_RANGE, (value) => {
      form.guidanceScale.value = value;
    }),
    ...fillSampler(settings.sampler),
    ...fillSize(settings),
    ...fillSteering(settings),
    ...modelNotes(settings),
  ];
  filledIn.value = { notes, before };
  fillAdaptersOnceRead(settings.adapters ?? []);
  announce(words.title);
  filling = fillStart(settings.start, from);
}

/** Keeps the filled-in form: there is no Undo any more. */
export function keepFilledIn(): void {
  filledIn.value?.before.letGo();
  filledIn.value = undefined;
}

/** Restores the form as it was before the fill-in. */
export async function undoFillIn(): Promise<void> {
  const undone = filledIn.value;
  filledIn.value = undefined;
  stopWaiting();
  await filling;
  await undone?.before.bringBack();
  announce(words.undone);
}

/**
 * Restores the picture that a picture was drawn on: with its mask if the Gallery keeps it with the picture,
 * otherwise without one if it is itself a picture of the Gallery.
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
  addNotes(notes);
}

function addNotes(notes: string[]): void {
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

/** Fills in the steering; a picture whose settings name none was drawn without. */
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

/** Ends the wait of the last fill-in for the adapters. */
let stopWaiting = () => {};

/** Fills in the adapters once those of earlier visits are there: until then none can be called missing. */
function fillAdaptersOnceRead(wanted: NonNullable<FoundSettings["adapters"]>): void {
  stopWaiting();
  stopWaiting = storageRead.subscribe((read) => {
    if (read) addNotes(fillAdapters(wanted));
  });
}

function fillAdapters(wanted: NonNullable<FoundSettings["adapters"]>): string[] {
  const nearest = (value: number) => within(value, form.ADAPTER_STRENGTH_RANGE);
  library.value = library.value.map((entry) => {
    const named = wanted.find(({ name }) => name === plainName(entry.report));
    return {
      ...entry,
      active: named !== undefined,
      strength: named ? nearest(named.strength) : entry.strength,
    };
  });
  const here = library.value.map(({ report }) => plainName(report));
  return wanted.flatMap(({ name, strength }) => {
    if (!here.includes(name)) return [words.noAdapter(name)];
    return nearest(strength) === strength ? [] : [words.limited(name, strength, nearest(strength))];
  });
}

/** Fills in the size; sides that aren't among those offered become the nearest one. */
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
