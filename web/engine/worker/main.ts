/** The one worker that owns the engine: wasm, GPU device, model and adapters. Answers the page through Comlink. */
import * as Comlink from "comlink";
import type { DrawnPicture, EngineApi, JobKind } from "../api";
import type { Engine } from "../contract/engine";
import { faultError } from "../fault";
import { withLock } from "../locks";
import type { ModelChoice } from "../model-choice";
import { runBench } from "./bench-job";
import { openDeviceMemo } from "./device-memo";
import { named } from "./device-name";
import { openEngine } from "./engine-module";
import { runEvaluation } from "./evaluation-job";
import { runGeneration } from "./generation-job";
import { JobControl } from "./job-control";
import { JudgeOpener } from "./judge";
import { guardNetwork } from "./network";
import { compileAhead } from "./pipelines";
import { readRun } from "./run-store";
import type { Bringing, OpenedModel } from "./sources/bring";
import { embeddedModel } from "./sources/embedded";
import { readAhead } from "./sources/read-ahead";
import { TimePlanner } from "./time-plans";
import { plannedPreviews, runTraining } from "./training-job";
import { Turns } from "./turns";

guardNetwork(self);

const turns = new Turns();
const judge = new JudgeOpener(turns);
const timePlanner = new TimePlanner();
const controls = new Map<JobKind, JobControl>();
let opened: Engine | undefined;
/** Whether the kernels that drawing with the loaded model needs are compiled. */
let kernelsCompiled = false;

function engine(): Engine {
  if (!opened) throw faultError("Internal", "The engine is not open yet.");
  return opened;
}

/** Resolves once the worker holds its lock, for life; a free lock tells the page that the worker ended. */
const alive = new Promise<void>((held) => {
  void withLock(self.name, {}, () => {
    held();
    return new Promise(() => undefined);
  });
});

/** Opens an engine whose arithmetic on this device was tested, now or at an earlier visit. */
async function startedEngine(): Promise<Engine> {
  const engine = await openEngine();
  const memo = await openDeviceMemo("device-memo");
  const known = await memo.read();
  if (!known) {
    await compileAhead(
      () => engine.compileChecks(),
      () => undefined,
    );
  }
  const found = await engine.start(known);
  if (found) await memo.keep(found);
  return engine;
}

/** `undefined` when cancelled. Code for models that don't come with the page is fetched when one is chosen. */
async function openModelOf(choice: ModelChoice, bringing: Bringing): Promise<OpenedModel | undefined> {
  if (choice.kind === "embedded") {
    return { source: await embeddedModel(choice.folder, bringing.progress), storedId: null };
  }
  const [{ openModel }, { Cancelled }] = await Promise.all([
    import("./sources/model"),
    import("./sources/transfer"),
  ]);
  return openModel(choice, bringing).catch((error: unknown) => {
    if (error instanceof Cancelled) return undefined;
    throw error;
  });
}

/** Compiles what drawing with the loaded model needs, once. */
async function compileDrawing(progress: (kernels: number, of: number) => void): Promise<void> {
  if (kernelsCompiled) return;
  await compileAhead(() => engine().compileKernels(), progress);
  kernelsCompiled = true;
}

/**
 * Registers the job's switch for its time; a second job of the same kind is refused. What only measures gives way to
 * a job.
 */
async function asJob<T>(kind: JobKind, run: (control: JobControl) => Promise<T>): Promise<T> {
  if (controls.has(kind)) {
    throw faultError(
      "BadSettings",
      `Another ${kind === "model" ? "model's fetch" : kind} is still running; stop it or wait for its end.`,
    );
  }
  timePlanner.cancel();
  const control = new JobControl();
  controls.set(kind, control);
  try {
    return await run(control);
  } finally {
    controls.delete(kind);
  }
}

/** Hands the picture's bytes over instead of copying them. */
const handOver = (picture: DrawnPicture | null) =>
  picture ? Comlink.transfer(picture, [picture.rgba.buffer as ArrayBuffer]) : null;

const api: EngineApi = {
  open: () =>
    turns.take(async () => {
      opened ??= await startedEngine();
      await alive;
      return named(opened.device());
    }),
  describeModel: async (choice) => {
    const { describeModel } = await import("./sources/model");
    const { source, ...offer } = await describeModel(choice, {
      progress: () => undefined,
      control: new JobControl(),
    });
    return turns.take(async () => {
      const lacks = await engine().lackingParts(source);
      return { ...offer, lacks, plan: lacks.length > 0 ? null : await engine().planModel(source) };
    });
  },
  loadModel: async (choice, progress) => {
    const found = await asJob("model", (control) => openModelOf(choice, { progress, control }));
    if (!found) return null;
    if (controls.size > 0) {
      throw faultError(
        "BadSettings",
        "The model in use is at work. Wait for its end or stop it, then load another.",
      );
    }
    return turns.take(async () => {
      const report = await engine().loadModel(readAhead(found.source), (bytesLoaded, bytesTotal) =>
        progress({ phase: "upload", bytesLoaded, bytesTotal }),
      );
      kernelsCompiled = false;
      judge.modelLoaded(choice.kind === "embedded" ? choice.folder : undefined);
      // A software adapter compiles as slowly as it computes, so it waits until a picture is asked for.
      if (!engine().device().software) {
        await compileDrawing((kernels, of) => progress({ phase: "compile", kernels, of }));
      }
      return { report, storedId: found.storedId };
    });
  },
  defaultTrainingSettings: (classNoun, method) =>
    turns.take(() => engine().defaultTrainingSettings(classNoun, method)),
  setMemoryLimit: (bytes) => turns.take(() => engine().setMemoryLimit(bytes)),
  setWideActivations: (wide) => turns.take(() => engine().setWideActivations(wide)),
  planTraining: async (settings, photos, previews) => {
    const config = previews?.cleanPrompt ? await judge.config() : null;
    return turns.take(() => engine().planTraining(settings, photos, plannedPreviews(previews, config)));
  },
  timePlans: (settings, photos, previews) => timePlanner.plans(engine(), turns, settings, photos, previews),
  cancelTimePlans: () => timePlanner.cancel(),
  planGeneration: (settings) => turns.take(() => engine().planGeneration(settings)),
  generate: (settings, progress, source) =>
    asJob(settings.preview ? "preview" : "generation", async (control) => {
      await turns.take(() => compileDrawing(() => undefined));
      return handOver(await runGeneration(engine(), turns, control, settings, progress, source));
    }),
  train: (run, photos, observer) =>
    asJob("training", async (control) => {
      const { trained, heldBack } = photos;
      const judging = heldBack.length > 0 ? heldBack : trained;
      const ready = await judge.prepare(engine(), run, judging, observer);
      return runTraining({ engine: engine(), turns, control, observer }, ready, () =>
        engine().beginTraining(
          run.settings,
          plannedPreviews(ready.previews, null),
          trained,
          (encoded, of) => {
            observer.encoded(encoded, of);
            return !control.cancelled;
          },
        ),
      );
    }),
  continueTraining: (id, observer) =>
    asJob("training", async (control) => {
      const run = await readRun(id);
      if (!run) {
        throw faultError("BadFile", "The saved state of this training is damaged; it can't be continued.");
      }
      const ready = await judge.prepare(engine(), run.facts, [], observer);
      return runTraining({ engine: engine(), turns, control, observer }, ready, () =>
        engine().resumeTraining(run.checkpoint, plannedPreviews(ready.previews, null)),
      );
    }),
  bench: (plan, observer) => asJob("bench", (control) => runBench(engine(), turns, control, plan, observer)),
  evaluate: (cells, photos, observer) =>
    asJob("evaluation", async (control) => {
      await judge.open(engine(), (progress) => observer.loading(progress));
      await turns.take(() => compileDrawing(() => undefined));
      await runEvaluation(engine(), turns, control, cells, photos, observer);
    }),
  command: (job, command) => controls.get(job)?.command(command),
  addAdapter: (bytes, fileName) => turns.take(() => engine().addAdapter(bytes, fileName)),
  removeAdapter: (id) => turns.take(() => engine().removeAdapter(id)),
  exportAdapter: (id, format) => turns.take(() => engine().exportAdapter(id, format)),
  exportProject: (id, { settings, prompts, thumbnails, photos }) =>
    turns.take(() => engine().exportProject(id, settings, prompts, thumbnails, photos)),
  openProject: (bytes, fileName) =>
    turns.take(() => {
      const project = engine().openProject(bytes, fileName);
      const contents = project && {
        ...project.words(),
        thumbnails: project.thumbnails(),
        photos: project.photos(),
      };
      project?.free();
      return contents;
    }),
};

Comlink.expose(api);
