/** The training run: its live numbers and pictures, its switches, and what is saved when it breaks off. */
import { batch, computed, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { askBeforeLeaving } from "../../app/leaving";
import { engine, openEngine } from "../../app/studio";
import { text } from "../../app/text";
import type { PreviewScore, TrainingObserver } from "../../engine/api";
import type { AdapterReport } from "../../engine/contract/adapters";
import type { Picture } from "../../engine/contract/generation";
import type { TrainingRecord, TrainingSettings } from "../../engine/contract/training";
import { type Fault, needsFreshEngine, toFault } from "../../engine/fault";
import type { RunFacts } from "../../engine/run-file";
import { whileLocked } from "../../engine/run-folder";
import { keepBrokenOff, keepTrained, type LibraryEntry, library } from "../adapters/library";
import { setPreview } from "../adapters/preview";
import { model } from "../models/model";
import { keepPhotos } from "./keep-photos";
import { toPixels } from "./photos";
import * as previewChoice from "./preview-choice";
import * as setup from "./setup";
import { wordsOf } from "./subjects";
import { discard, findUnfinished } from "./unfinished";
import type { Wish } from "./untrained";

export type Phase = "idle" | "running" | "paused" | "stopping" | "done" | "failed";

export interface Preview {
  step: number;
  picture: Picture;
}

export const phase = signal<Phase>("idle");
export const runSettings = signal<TrainingSettings | undefined>(undefined);
export const previewPrompt = signal("");
export const previewEvery = signal(0);
/** Wish to draw the clean prompt in the same way as the previews; `undefined` in a run without previews. */
export const cleanWish = signal<Wish | undefined>(undefined);
export const records = signal<TrainingRecord[]>([]);
export const previews = signal<Preview[]>([]);
/** Scores of the previews; empty if they aren't scored. */
export const scores = signal<PreviewScore[]>([]);
/** Whether previews are scored; `scoreProblem` says why they can't be. */
export const watchesQuality = signal(false);
/** Step of the state that scored best so far. */
export const bestStep = computed(() => scores.value.findLast(({ isBest }) => isBest)?.step);
export const scoreProblem = signal<string | undefined>(undefined);
/** Work done before the first step, and its progress. */
export const preparation = signal<{ doing: "encoding" | "compiling"; done: number; of: number } | undefined>(
  undefined,
);
export const previewProgress = signal<{ step: number; steps: number } | undefined>(undefined);
/** The latest state that this tab holds as an adapter file. */
export const adapterFile = signal<{ step: number; bytes: Uint8Array } | undefined>(undefined);
/** The run as begun or continued; `keptStep` is the step of its whole state in the browser's storage. */
const facts = signal<RunFacts | undefined>(undefined);
export const keptStep = signal<number | undefined>(undefined);
export const keepProblem = signal<"full" | "unavailable" | undefined>(undefined);
const resultKey = signal<string | undefined>(undefined);
/** Whether the result is, or will be, the state that scored best. */
export const keepsBest = computed(
  () => facts.value?.previews?.keepsBest === true && scoreProblem.value === undefined,
);
/** The adapter of a finished run, as long as it isn't removed from the library. */
export const result = computed(() => library.value.find(({ key }) => key === resultKey.value));
export const fault = signal<Fault | undefined>(undefined);
/** Whether a paused run stands still: before that it ends the step under way and keeps its state. */
export const halted = signal(false);

/** Wall time of the run without its pauses, in seconds. */
const clock = { ran: 0, since: 0 };

export const busy = computed(() => ["running", "paused", "stopping"].includes(phase.value));

// Of a failed run, the file that can still be kept would be lost with the tab; before a run, one's own photos and the
// words for them.
askBeforeLeaving(
  computed(
    () =>
      busy.value ||
      (phase.value === "failed" && adapterFile.value !== undefined) ||
      (phase.value === "idle" && setup.hasOwnPhotos.value),
  ),
);

/** Seconds left, by the mean time of the steps so far, previews included; `undefined` before two steps. */
export const secondsLeft = computed(() => {
  const last = records.value.at(-1);
  const made = last ? last.step - (facts.value?.step ?? 0) : 0;
  if (!last || made < 2 || !busy.value) return undefined;
  const ran = clock.ran + (phase.value === "paused" ? 0 : (performance.now() - clock.since) / 1000);
  return (ran / made) * (last.steps - last.step);
});

export async function start(): Promise<void> {
  const settings = setup.chosenSettings.value;
  if (!settings || model.value.state !== "ready" || busy.value || !setup.allows.value) return;
  const { name } = model.value.report;
  const previews = setup.previews.value;
  const run: RunFacts = {
    id: crypto.randomUUID(),
    savedAt: Date.now(),
    step: 0,
    settings,
    previews,
    every: setup.keepEvery.value,
    model: name,
    records: [],
    scores: [],
    photoVectors: null,
  };
  // A browser that needs room deletes what it wasn't asked to keep, and this may take hours to learn again.
  void navigator.storage?.persist?.().catch(() => false);
  const { trained, heldBack } = previewChoice.splitPhotos();
  const photos = { trained: trained.map(toPixels), heldBack: heldBack.map(toPixels) };
  await follow(run, async (observer) => {
    // First: a GPU that trains lets canvases wait.
    await keepPhotos(run.id);
    // Until now the engine knew no training that could obey the switches.
    if (phase.value === "stopping") return null;
    const training = engine().train(run, photos, observer);
    if (phase.value === "paused") engine().command("training", "pause");
    return training;
  });
}

/** Continues a run from its state in the browser's storage. */
export async function continueRun(run: RunFacts): Promise<void> {
  if (model.value.state !== "ready" || busy.value) return;
  await follow(run, (observer) => engine().continueTraining(run.id, observer));
  // Whatever became of the run, the list of unfinished runs is out of date.
  if (phase.value === "idle") await findUnfinished();
}

/** Shows the run until it ends, then keeps its adapter and deletes its state. */
async function follow(
  run: RunFacts,
  train: (observer: TrainingObserver) => Promise<AdapterReport | null>,
): Promise<void> {
  begin(run);
  try {
    await whileLocked(run.id, async () => {
      const report = await train(observer);
      if (report) {
        await endWith(await keepTrained(report, run));
        announce(text.run.done(wordsOf(run.settings)));
      }
      // Not before the adapter is kept: a tab killed in between loses neither.
      await discard(run.id);
      if (!report) reset();
    });
  } catch (error) {
    fault.value = toFault(error);
    phase.value = "failed";
  } finally {
    previewProgress.value = undefined;
  }
}

/** Ends the run with this adapter as its result, represented by the last preview. */
async function endWith({ key }: LibraryEntry): Promise<void> {
  resultKey.value = key;
  phase.value = "done";
  const last = previews.value.at(-1);
  // The adapter works without a picture too.
  if (last) await setPreview(key, last.picture).catch(() => undefined);
}

const observer: TrainingObserver = {
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
  scored: (score) => {
    scores.value = [...scores.value, score];
  },
  notScored: (reason) => {
    scoreProblem.value = reason;
  },
  adapterFile: (step, bytes) => {
    adapterFile.value = { step, bytes };
  },
  kept: (step) =>
    batch(() => {
      keptStep.value = step;
      keepProblem.value = undefined;
    }),
  notKept: (problem) => {
    keepProblem.value = problem;
  },
  halted: () => {
    halted.value = phase.value === "paused";
  },
};

function begin(run: RunFacts): void {
  reset();
  Object.assign(clock, { ran: 0, since: performance.now() });
  batch(() => {
    facts.value = run;
    keptStep.value = run.step > 0 ? run.step : undefined;
    records.value = run.records;
    scores.value = run.scores;
    watchesQuality.value = Boolean(run.previews?.cleanPrompt);
    runSettings.value = run.settings;
    previewPrompt.value = run.previews?.prompt ?? "";
    previewEvery.value = run.previews?.every ?? 0;
    cleanWish.value = run.previews ? { ...run.previews, prompt: run.settings.cleanPrompt } : undefined;
    phase.value = "running";
  });
}

export function pause(): void {
  if (phase.value !== "running") return;
  engine().command("training", "pause");
  clock.ran += (performance.now() - clock.since) / 1000;
  halted.value = false;
  phase.value = "paused";
}

export function resume(): void {
  if (phase.value !== "paused") return;
  engine().command("training", "resume");
  clock.since = performance.now();
  phase.value = "running";
}

/** Ends the run early and keeps what it has learned. */
export function stopAndKeep(): void {
  engine().command("training", "stop");
  phase.value = "stopping";
}

/** Ends the run and drops what it has learned. */
export function cancel(): void {
  engine().command("training", "cancel");
  phase.value = "stopping";
}

/** After a failure: the last adapter file that this tab holds becomes the result, in a fresh engine if need be. */
export async function keepAdapterFile(): Promise<void> {
  const kept = adapterFile.value;
  const run = facts.value;
  if (!kept || !run || !fault.value) return;
  try {
    if (needsFreshEngine(fault.value)) await openEngine();
    const entry = await keepBrokenOff(kept.bytes, run);
    fault.value = undefined;
    await endWith(entry);
    await discard(run.id);
  } catch (error) {
    fault.value = toFault(error);
  }
}

/** Whether a run can continue in a fresh engine from its kept state, after a failure not of the training. */
export const canContinue = computed(
  () =>
    phase.value === "failed" &&
    keptStep.value !== undefined &&
    fault.value !== undefined &&
    needsFreshEngine(fault.value),
);

export async function continueAfterFailure(): Promise<void> {
  const run = facts.value;
  const step = keptStep.value;
  if (!run || step === undefined) return;
  const made = records.value.filter((record) => record.step <= step);
  const scored = scores.value.filter((score) => score.step <= step);
  await openEngine();
  await continueRun({ ...run, step, records: made, scores: scored });
}

/** Returns to the set-up after a failure, with an engine that works; a kept state is offered there. */
export function backToSetup(): void {
  if (fault.value && needsFreshEngine(fault.value)) void openEngine();
  reset();
  void findUnfinished();
}

// Phones end background pages without notice, so the state is saved as soon as the page is hidden.
document.addEventListener("visibilitychange", () => {
  if (document.hidden && phase.value === "running") engine().command("training", "save");
});

/** Clears the run. The set-up still holds everything that was chosen. */
export function reset(): void {
  batch(() => {
    phase.value = "idle";
    records.value = [];
    scores.value = [];
    watchesQuality.value = false;
    scoreProblem.value = undefined;
    previews.value = [];
    preparation.value = undefined;
    previewProgress.value = undefined;
    adapterFile.value = undefined;
    facts.value = undefined;
    keptStep.value = undefined;
    keepProblem.value = undefined;
    resultKey.value = undefined;
    fault.value = undefined;
  });
}
