/** Training plans by the time they take on this device (quick, balanced, thorough), once a step is timed. */
import { computed, signal } from "@preact/signals";
import { engine } from "../../app/studio";
import type { Method, TimePlan, TrainingSettings } from "../../engine/contract/training";
import { memoryLimit } from "../models/memory-limit";
import { model } from "../models/model";
import { previewEvery, previewSteps, watchesQuality } from "./preview-choice";
import * as setup from "./setup";
import { photos } from "./subjects";

type Measured =
  | { state: "unasked" }
  /** `of`: the training that was asked about. */
  | { state: "measuring" | "failed"; of: string }
  | { state: "ready"; of: string; method: Method; plans: TimePlan[] };

export const measured = signal<Measured>({ state: "unasked" });

/** Settings that a plan never changes: the visitor's own words, and those unrelated to time. */
const OWN = new Set([
  "method",
  "placeholder",
  "classNoun",
  "cleanPrompt",
  "personalizationPrompt",
  "furtherSubjects",
  "furtherCleanPrompts",
  "captions",
  "maskedLoss",
  "seed",
]);

/** Basis of the plans: the method's own settings, without changes by a plan or by hand. */
const basis = computed(() => {
  const settings = setup.defaults.value;
  const previews = { every: previewEvery.value, steps: previewSteps.value, scored: watchesQuality.value };
  const of = model.value.state === "ready" ? model.value.report.name : undefined;
  const limit = memoryLimit.value;
  return settings && { settings, previews, photos: Math.max(1, photos.value.length), of, limit };
});

/** Key of everything that plans depend on, including the model and the memory limit. */
const nameOf = ({ settings, previews, photos, of, limit }: NonNullable<typeof basis.value>) =>
  JSON.stringify([settings.method, previews, photos, of, limit]);

/** Whether asking again needs no measuring. */
export const isMeasured = (method: Method) => {
  const now = measured.value;
  return now.state === "ready" && now.method === method;
};

/** Whether planning the training in its current form failed. */
export const failed = computed(() => {
  const now = measured.value;
  return now.state === "failed" && basis.value !== undefined && now.of === nameOf(basis.value);
});

/** Plans for the current training; `undefined` if those at hand are for other photos, method or model. */
export const plans = computed(() => {
  const now = measured.value;
  return now.state === "ready" && basis.value && now.of === nameOf(basis.value) ? now.plans : undefined;
});

/** Asks the engine for the plans; the first time, it measures a step. */
export async function measure(): Promise<void> {
  if (!basis.value) return;
  const { settings, previews, photos } = basis.value;
  const { method } = settings;
  const of = nameOf(basis.value);
  const before = measured.peek();
  if (before.state !== "unasked" && before.of === of) return;
  measured.value = { state: "measuring", of };
  const ready = (plans: TimePlan[]): Measured =>
    plans.length > 0 ? { state: "ready", of, method, plans } : { state: "failed", of };
  const found: Measured = await engine()
    .timePlans(settings, photos, previews.every > 0 ? previews : undefined)
    .then((plans): Measured => (plans ? ready(plans) : { state: "unasked" }))
    .catch((): Measured => ({ state: "failed", of }));
  const now = measured.peek();
  // Photos or method may have changed meanwhile.
  if (now.state === "measuring" && now.of === of) measured.value = found;
}

/** Whether the visitor cancelled measuring, which then begins only when it is asked for. */
export const declined = signal(false);

export function stopMeasuring(): void {
  if (measured.value.state === "measuring") engine().cancelTimePlans();
}

export function declineMeasuring(): void {
  declined.value = true;
  stopMeasuring();
}

/** Settings of a plan that differ from the current ones. */
export function differences(plan: TrainingSettings, now: TrainingSettings): Partial<TrainingSettings> {
  const before: Partial<Record<string, unknown>> = { ...now };
  const changed = Object.entries(plan).filter(
    ([name, value]) => !OWN.has(name) && JSON.stringify(value) !== JSON.stringify(before[name]),
  );
  return Object.fromEntries(changed);
}

export function choose(plan: TimePlan): void {
  if (setup.settings.value) setup.change(differences(plan.settings, setup.settings.value));
}

/** The plan that the current settings match; `undefined` if they match none. */
export const chosen = computed(() =>
  plans.value?.find(
    ({ settings }) =>
      setup.settings.value && Object.keys(differences(settings, setup.settings.value)).length === 0,
  ),
);
