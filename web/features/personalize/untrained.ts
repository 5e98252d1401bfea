/**
 * Pictures that the untrained model draws for a wish, from the same noise as the previews: shown beside the
 * wish before the training, and next to the previews during it. Kept for this visit, one picture per prompt
 * and settings.
 */
import { computed, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { endsWithEngine } from "../../app/ended-faults";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import type { PreviewPlan } from "../../engine/api";
import type { Picture } from "../../engine/contract/generation";
import { type Fault, toFault } from "../../engine/fault";
import { USUAL_GUIDANCE } from "../generate/form";
import { model } from "../models/model";
import { endsWithModel } from "../models/overflow-faults";
import { previewSteps } from "./preview-choice";
import * as setup from "./setup";

/** The settings of a preview, but with the clean prompt. */
export type Wish = Pick<PreviewPlan, "prompt" | "seed" | "steps" | "guidanceScale" | "size">;

/** Number of pictures kept, the latest; each has at most a few megabytes. */
const MAX_KEPT = 20;

const kept = signal<ReadonlyMap<string, Picture>>(new Map());
export const drawing = signal<{ step: number; steps: number } | undefined>(undefined);
export const untrainedFault = signal<Fault | undefined>(undefined);
endsWithEngine(untrainedFault);
endsWithModel(untrainedFault);

const nameOf = (wish: Wish) =>
  JSON.stringify([
    model.value.state === "ready" ? model.value.report.name : undefined,
    ...[wish.prompt, wish.seed, wish.steps, wish.guidanceScale, wish.size],
  ]);

export const pictureOf = (wish: Wish): Picture | undefined => kept.value.get(nameOf(wish));

/** Wish of the set-up, drawn with the settings of the coming run's previews. */
export const chosenWish = computed<Wish | undefined>(() => {
  const prompt = setup.target.value.trim();
  if (!prompt || !setup.settings.value || model.value.state !== "ready") return undefined;
  return {
    prompt,
    seed: setup.settings.value.seed,
    steps: previewSteps.value,
    guidanceScale: USUAL_GUIDANCE,
    size: model.value.report.resolution,
  };
});

/** Draws a wish once; also between two steps of a training. Does nothing while another picture is drawn. */
export async function draw(wish: Wish): Promise<void> {
  if (drawing.value || pictureOf(wish)) return;
  const name = nameOf(wish);
  untrainedFault.value = undefined;
  drawing.value = { step: 0, steps: wish.steps };
  try {
    const { size, ...settings } = wish;
    const picture = await engine().generate(
      {
        ...settings,
        negativePrompt: "",
        sampler: "ddim",
        width: size,
        height: size,
        adapters: [],
        preview: true,
      },
      (step, steps) => {
        if (drawing.value) drawing.value = { step, steps };
      },
    );
    if (!picture) return;
    kept.value = new Map([...kept.value, [name, picture] as const].slice(-MAX_KEPT));
    announce(text.personalize.untrained.drawn);
  } catch (error) {
    untrainedFault.value = toFault(error);
  } finally {
    drawing.value = undefined;
  }
}

export const cancel = () => engine().command("preview", "cancel");
