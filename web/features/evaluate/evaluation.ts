/** The evaluation under way and its results so far, which are lost with the tab. */
import { batch, computed, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { endsWithEngine } from "../../app/ended-faults";
import { askBeforeLeaving } from "../../app/leaving";
import { engine } from "../../app/studio";
import type { LoadProgress } from "../../engine/api";
import type { Picture } from "../../engine/contract/generation";
import type { PhotoScores } from "../../engine/contract/judging";
import { type Fault, toFault } from "../../engine/fault";
import { toCanvas } from "../../ui/picture-view";
import { USUAL_GUIDANCE } from "../generate/form";
import { model } from "../models/model";
import { endsWithModel } from "../models/overflow-faults";
import { toPixels } from "../personalize/photos";
import * as choices from "./choices";
import { type PlannedCell, plan } from "./plan";
import { type EvaluationFacts, type Scored, summaries } from "./results";
import { evaluateText as text } from "./text";

const SAMPLER = "ddim";
/** Longest side of kept pictures, in pixels: no larger than they are shown, since an evaluation has many. */
const MAX_SIDE = 256;

export interface DrawnCell extends Scored {
  picture: Picture;
}

export type State = "idle" | "running" | "finished" | "cancelled";

export const state = signal<State>("idle");
export const loading = signal<LoadProgress | undefined>(undefined);
export const progress = signal<{ cell: number; step: number; steps: number } | undefined>(undefined);
export const of = signal(0);
/** Cells drawn so far, in the order in which they were drawn. */
export const drawn = signal<DrawnCell[]>([]);
export const facts = signal<EvaluationFacts | undefined>(undefined);
export const fault = signal<Fault | undefined>(undefined);
endsWithEngine(fault);
endsWithModel(fault);

export const rows = computed(() => summaries(drawn.value));

/** Whether the results on show were saved or copied. */
export const exported = signal(false);
askBeforeLeaving(computed(() => state.value === "running" || (drawn.value.length > 0 && !exported.value)));

let startedAt = 0;
/** Seconds left, estimated by the mean time of the pictures so far. */
export const secondsLeft = computed(() => {
  const done = drawn.value.length;
  if (done === 0 || state.value !== "running") return undefined;
  return ((performance.now() - startedAt) / 1000 / done) * (of.value - done);
});

export async function start(): Promise<void> {
  const adapter = choices.adapter.value;
  if (choices.obstacle.value || !adapter || model.value.state !== "ready" || state.value === "running")
    return;
  const { name, resolution } = model.value.report;
  const steps = choices.steps.value;
  const cells = plan({
    adapter: adapter.report.id,
    prompts: choices.prompts.value,
    strengths: [...choices.strengths.value],
    seeds: choices.seeds.value,
    steps,
    guidanceScale: USUAL_GUIDANCE,
    sampler: SAMPLER,
    size: resolution,
  });
  begin(cells.length, {
    adapter: adapter.report.placeholder ?? adapter.report.name,
    model: name,
    classNoun: choices.classNoun.value.trim(),
    steps,
    guidanceScale: USUAL_GUIDANCE,
    sampler: SAMPLER,
    photos: undefined,
  });
  try {
    await run(cells);
    const whole = drawn.value.length === cells.length;
    state.value = whole ? "finished" : "cancelled";
    announce(whole ? text.finished : text.cancelled(drawn.value.length, cells.length));
  } catch (error) {
    fault.value = toFault(error);
    state.value = drawn.value.length > 0 ? "cancelled" : "idle";
  } finally {
    progress.value = undefined;
    loading.value = undefined;
  }
}

function begin(pictures: number, begun: EvaluationFacts): void {
  startedAt = performance.now();
  batch(() => {
    state.value = "running";
    of.value = pictures;
    facts.value = begun;
    drawn.value = [];
    exported.value = false;
    fault.value = undefined;
    loading.value = undefined;
    progress.value = undefined;
  });
}

function run(cells: readonly PlannedCell[]): Promise<void> {
  return engine().evaluate(
    cells.map(({ cell }) => cell),
    choices.photos.value.map(toPixels),
    {
      loading: (now) => {
        // There is no measure of the time between the last byte and the first picture.
        const fetched = now.phase === "compile" || now.bytesLoaded >= now.bytesTotal;
        loading.value = fetched ? undefined : now;
      },
      photos: (scores: PhotoScores) => {
        loading.value = undefined;
        startedAt = performance.now();
        if (facts.value) facts.value = { ...facts.value, photos: scores };
      },
      progress: (cell, step, steps) => {
        progress.value = { cell, step, steps };
      },
      scored: (index, picture, scores) => {
        const planned = cells[index];
        if (!planned) return;
        const { strength, seed, prompt } = planned;
        drawn.value = [
          ...drawn.value,
          {
            strength,
            seed,
            prompt: prompt.clean,
            elements: prompt.elements,
            scores,
            picture: small(picture),
          },
        ];
      },
    },
  );
}

function small(picture: Picture): Picture {
  const scale = MAX_SIDE / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) return picture;
  context.imageSmoothingQuality = "high";
  context.drawImage(toCanvas(picture), 0, 0, width, height);
  return { width, height, rgba: new Uint8Array(context.getImageData(0, 0, width, height).data.buffer) };
}

export function cancel(): void {
  engine().command("evaluation", "cancel");
}
