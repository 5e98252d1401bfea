/** A training run: engine steps with previews and saved states in between, until done, stopped or cancelled. */
import type { PreviewPlan, TrainingObserver } from "../api";
import type { AdapterReport } from "../contract/adapters";
import type { Engine } from "../contract/engine";
import type { GenerationSettings, Picture } from "../contract/generation";
import type { PictureScores, SubjectVectors } from "../contract/judging";
import type { Training, TrainingPreviews } from "../contract/training";
import type { RunFacts } from "../run-file";
import { whileLocked } from "../run-folder";
import { runGeneration } from "./generation-job";
import type { JobControl } from "./job-control";
import { compileAhead } from "./pipelines";
import { release } from "./release";
import { RunKeeper } from "./run-store";
import type { Turns } from "./turns";

/** Steps between two adapter files handed to the page: a lost device costs at most that many. */
const ADAPTER_FILE_EVERY = 5;

export interface TrainingJob {
  engine: Engine;
  turns: Turns;
  control: JobControl;
  observer: TrainingObserver;
}

/** Runs the new or continued training that `begin` gives, from `facts.step` on; `null` when cancelled. */
export function runTraining(
  job: TrainingJob,
  facts: RunFacts,
  begin: () => Promise<Training>,
): Promise<AdapterReport | null> {
  const { turns, control, observer } = job;
  return whileLocked(facts.id, async () => {
    const training = await turns.take(begin).catch((error: unknown) => {
      // A preparation that is no longer wanted ends as an error.
      if (control.cancelled) return undefined;
      throw error;
    });
    if (!training) return null;
    try {
      await turns.take(() =>
        compileAhead(
          () => training.compileKernels(),
          (kernels, of) => observer.compiled(kernels, of),
        ),
      );
      await makeSteps(job, facts, training);
      if (control.cancelled) return null;
      return await turns.take(() => {
        if (facts.previews?.keepsBest) training.restoreBest();
        return training.adapter();
      });
    } finally {
      await turns.take(() => release(training));
    }
  });
}

async function makeSteps(job: TrainingJob, run: RunFacts, training: Training): Promise<void> {
  const { turns, control, observer } = job;
  const { settings, previews, every } = run;
  const records = [...run.records];
  const scores = [...run.scores];
  let step = run.step;
  const keeper = new RunKeeper(run.id);
  let keptAt = step;
  const keep = async () => {
    if (step === keptAt) return;
    const checkpoint = await turns.take(() => training.checkpoint());
    const facts = { ...run, savedAt: Date.now(), step, records, scores };
    const problem = await keeper.keep({ facts, checkpoint });
    if (problem) observer.notKept(problem);
    else observer.kept(step);
    keptAt = step;
  };
  const isLast = () => step === settings.steps;
  const due = (plan: PreviewPlan) => step % plan.every === 0 || isLast();
  /** Draws the state's preview and scores it; whether the run ends there. */
  const look = async (plan: PreviewPlan): Promise<boolean> => {
    const picture = await drawPreview(job, training, plan);
    if (!picture) return false;
    observer.preview(step, picture);
    if (!plan.cleanPrompt || !run.photoVectors) return false;
    const scored = await scorePreview(job, picture, run.photoVectors, plan.cleanPrompt);
    const { textAlignment, imageAlignment } = scored;
    const { isBest, withoutGain } = await turns.take(() => training.noteScore(textAlignment, imageAlignment));
    const score = { step, textAlignment, imageAlignment, isBest };
    scores.push(score);
    observer.scored(score);
    return withoutGain >= (plan.patience ?? Number.POSITIVE_INFINITY);
  };
  // From now on, in the middle of a preview too.
  control.save = keep;
  control.halted = () => observer.halted();
  // A state that was saved while its preview was drawn has no score yet.
  const isScored = !run.photoVectors || scores.some((score) => score.step === step);
  if (previews && step > 0 && due(previews) && !isScored && (await look(previews))) return;
  while (step < settings.steps) {
    await control.ready();
    if (control.cancelled || control.stopped) return;
    const record = await turns.take(() => training.step());
    step = record.step;
    records.push(record);
    observer.record(record);
    if (step % ADAPTER_FILE_EVERY === 0 || isLast()) {
      observer.adapterFile(step, await turns.take(() => training.adapterFile()));
    }
    if (previews && due(previews) && (await look(previews))) return;
    if (control.cancelled || control.stopped) return;
    // After the preview, whose score belongs to this state.
    if (step % every === 0 && !isLast()) await keep();
  }
}

async function scorePreview(
  { engine, turns }: TrainingJob,
  picture: Picture,
  photos: SubjectVectors,
  prompt: string,
): Promise<PictureScores> {
  const [scores] = await turns.take(() => engine.score([picture], photos, prompt, []));
  if (!scores) throw new Error("The judge gave no score.");
  return scores;
}

/** What previews take, as far as it is known before: `judge` is the `config.json` of who scores them. */
export function plannedPreviews(plan: PreviewPlan | null, judge: string | null): TrainingPreviews | null {
  return plan && { picture: previewSettings(plan), scored: plan.cleanPrompt !== null, judge };
}

const previewSettings = (plan: PreviewPlan): GenerationSettings => ({
  prompt: plan.prompt,
  negativePrompt: "",
  seed: plan.seed,
  steps: plan.steps,
  guidanceScale: plan.guidanceScale,
  sampler: "ddim",
  width: plan.size,
  height: plan.size,
  adapters: [],
  preview: true,
});

/** Draws with a temporary adapter made of the state so far. `null` when the run was stopped or cancelled. */
async function drawPreview(
  { engine, turns, control, observer }: TrainingJob,
  training: Training,
  plan: PreviewPlan,
): Promise<Picture | null> {
  const adapter = await turns.take(() => training.adapter());
  try {
    return await runGeneration(
      engine,
      turns,
      control,
      { ...previewSettings(plan), adapters: [{ id: adapter.id, strength: 1 }] },
      (done, of) => observer.previewProgress(done, of),
    );
  } finally {
    await turns.take(() => engine.removeAdapter(adapter.id));
  }
}
