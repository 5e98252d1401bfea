/** The training run: its live numbers and pictures, its switches, and what is left when it breaks off. */
import { batch, computed, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { engine, openEngine } from "../../app/studio";
import { text } from "../../app/text";
import type { Picture, TrainingRecord, TrainingSettings } from "../../engine/contract";
import { type Fault, needsFreshEngine, toFault } from "../../engine/fault";
import { keepCheckpoint, keepTrained, library } from "../adapters/library";
import { USUAL_GUIDANCE } from "../generate/generate";
import { model } from "../models/model";
import { toPixels } from "./photos";
import * as setup from "./setup";

export type Phase = "idle" | "running" | "paused" | "stopping" | "done" | "failed";

export interface Preview {
  step: number;
  picture: Picture;
}

export const phase = signal<Phase>("idle");
export const runSettings = signal<TrainingSettings | undefined>(undefined);
export const previewPrompt = signal("");
export const previewEvery = signal(0);
export const records = signal<TrainingRecord[]>([]);
export const previews = signal<Preview[]>([]);
/** What is done before the first step, and how far it is. */
export const preparation = signal<{ doing: "encoding" | "compiling"; done: number; of: number } | undefined>(
  undefined,
);
export const previewProgress = signal<{ step: number; steps: number } | undefined>(undefined);
export const checkpoint = signal<{ step: number; bytes: Uint8Array } | undefined>(undefined);
const resultKey = signal<string | undefined>(undefined);
/** The adapter of a finished run, as long as it isn't removed from the library. */
export const result = computed(() => library.value.find(({ key }) => key === resultKey.value));
export const fault = signal<Fault | undefined>(undefined);

/** Wall time of the run without its pauses, in seconds. */
const clock = { ran: 0, since: 0 };

export const busy = computed(() => ["running", "paused", "stopping"].includes(phase.value));

/** From the mean time of the steps so far, previews included; needs a few steps to mean anything. */
export const secondsLeft = computed(() => {
  const last = records.value.at(-1);
  if (!last || last.step < 2 || !busy.value) return undefined;
  const ran = clock.ran + (phase.value === "paused" ? 0 : (performance.now() - clock.since) / 1000);
  return (ran / last.step) * (last.steps - last.step);
});

export async function start(): Promise<void> {
  const settings = setup.settings.value;
  if (!settings || model.value.state !== "ready" || busy.value || setup.obstacle.value) return;
  const chosen: TrainingSettings = {
    ...settings,
    classNoun: setup.classNoun.value.trim(),
    cleanPrompt: setup.target.value.trim(),
    placeholder: setup.placeholder.value,
  };
  begin(chosen);
  try {
    const report = await engine().train(
      chosen,
      setup.photos.value.map(toPixels),
      previewPlan(chosen, model.value.report.resolution),
      {
        encoded: (photos, of) => {
          preparation.value = { doing: "encoding", done: photos, of };
        },
        compiled: (kernels, of) => {
          preparation.value = { doing: "compiling", done: kernels, of };
        },
        record: (record) => {
          records.value = [...records.value, record];
        },
        previewProgress: (step, steps) => {
          previewProgress.value = { step, steps };
        },
        preview: (step, picture) =>
          batch(() => {
            previews.value = [...previews.value, { step, picture }];
            previewProgress.value = undefined;
          }),
        checkpoint: (step, bytes) => {
          checkpoint.value = { step, bytes };
        },
      },
    );
    if (!report) return reset();
    resultKey.value = (await keepTrained(report)).key;
    phase.value = "done";
    announce(text.run.done(chosen.placeholder));
  } catch (error) {
    fault.value = toFault(error);
    phase.value = "failed";
  } finally {
    previewProgress.value = undefined;
  }
}

function begin(settings: TrainingSettings): void {
  reset();
  Object.assign(clock, { ran: 0, since: performance.now() });
  runSettings.value = settings;
  previewPrompt.value = setup.previewPrompt.value;
  previewEvery.value = setup.previewEvery.value;
  phase.value = "running";
}

function previewPlan(settings: TrainingSettings, size: number) {
  const every = setup.previewEvery.value;
  if (every === 0) return null;
  const steps = setup.previewSteps.value;
  return {
    every,
    steps,
    prompt: setup.previewPrompt.value,
    guidanceScale: USUAL_GUIDANCE,
    seed: settings.seed,
    size,
  };
}

export function pause(): void {
  if (phase.value !== "running") return;
  engine().command("training", "pause");
  clock.ran += (performance.now() - clock.since) / 1000;
  phase.value = "paused";
}

export function resume(): void {
  if (phase.value !== "paused") return;
  engine().command("training", "resume");
  clock.since = performance.now();
  phase.value = "running";
}

/** Ends the run early and keeps what it has learnt. */
export function stopAndKeep(): void {
  engine().command("training", "stop");
  phase.value = "stopping";
}

/** Ends the run and drops what it has learnt. */
export function cancel(): void {
  engine().command("training", "cancel");
  phase.value = "stopping";
}

/** After a failure: the last checkpoint becomes an adapter, in a fresh engine if need be. */
export async function keepLastCheckpoint(): Promise<void> {
  const kept = checkpoint.value;
  const settings = runSettings.value;
  if (!kept || !settings || !fault.value) return;
  try {
    if (needsFreshEngine(fault.value)) await openEngine();
    resultKey.value = (await keepCheckpoint(kept.bytes, settings.placeholder)).key;
    fault.value = undefined;
    phase.value = "done";
  } catch (error) {
    fault.value = toFault(error);
  }
}

/** From a failure back to the set-up, with an engine that works. */
export function backToSetup(): void {
  if (fault.value && needsFreshEngine(fault.value)) void openEngine();
  reset();
}

/** The set-up still holds everything that was chosen. */
export function reset(): void {
  batch(() => {
    phase.value = "idle";
    records.value = [];
    previews.value = [];
    preparation.value = undefined;
    previewProgress.value = undefined;
    checkpoint.value = undefined;
    resultKey.value = undefined;
    fault.value = undefined;
  });
}
