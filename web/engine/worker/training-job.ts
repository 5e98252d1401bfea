/** A training run: engine steps with previews and checkpoints in between, until done, stopped or cancelled. */
import type { PreviewPlan, TrainingObserver } from "../api";
import type { AdapterReport, Engine, Photo, Training, TrainingSettings } from "../contract";
import { runGeneration } from "./generation-job";
import type { JobControl } from "./job-control";
import { compileAhead } from "./pipelines";
import { release } from "./release";
import type { Turns } from "./turns";

/** Steps between two checkpoints: what a lost device may cost at most. */
const CHECKPOINT_EVERY = 5;

export async function runTraining(
  engine: Engine,
  turns: Turns,
  control: JobControl,
  settings: TrainingSettings,
  photos: Photo[],
  previews: PreviewPlan | null,
  observer: TrainingObserver,
): Promise<AdapterReport | null> {
  const training = await turns.take(() =>
    engine.beginTraining(settings, photos, (encoded, of) => observer.encoded(encoded, of)),
  );
  try {
    await turns.take(() =>
      compileAhead(
        () => training.compileKernels(),
        (kernels, of) => observer.compiled(kernels, of),
      ),
    );
    let step = 0;
    while (step < settings.steps) {
      await control.ready();
      if (control.cancelled) return null;
      if (control.stopped) break;
      const record = await turns.take(() => training.step());
      step = record.step;
      observer.record(record);
      if (step % CHECKPOINT_EVERY === 0 || step === settings.steps) {
        observer.checkpoint(step, await turns.take(() => training.checkpoint()));
      }
      if (previews && (step % previews.every === 0 || step === settings.steps)) {
        await drawPreview(engine, turns, control, training, step, previews, observer);
      }
    }
    return control.cancelled ? null : await turns.take(() => training.adapter());
  } finally {
    release(training);
  }
}

/** Draws with the state so far as an adapter of its own, which is removed again. */
async function drawPreview(
  engine: Engine,
  turns: Turns,
  control: JobControl,
  training: Training,
  step: number,
  plan: PreviewPlan,
  observer: TrainingObserver,
): Promise<void> {
  const adapter = await turns.take(() => training.adapter());
  try {
    const picture = await runGeneration(
      engine,
      turns,
      control,
      {
        prompt: plan.prompt,
        negativePrompt: "",
        seed: plan.seed,
        steps: plan.steps,
        guidanceScale: plan.guidanceScale,
        sampler: "ddim",
        width: plan.size,
        height: plan.size,
        adapters: [{ id: adapter.id, strength: 1 }],
      },
      (done, of) => observer.previewProgress(done, of),
    );
    if (picture) observer.preview(step, picture);
  } finally {
    await turns.take(() => engine.removeAdapter(adapter.id));
  }
}
