/**
 * Size of the pictures, in pixels: multiples of 64, which the VAE and U-Net of every Stable Diffusion can
 * halve as often as they need. Until a size is chosen, it is the square that the model was trained on.
 */
import { computed, signal } from "@preact/signals";
import { model } from "../models/model";

export interface Size {
  width: number;
  height: number;
}

const SIDE_STEP = 64;
const MIN_SIDE = 64;
export const MAX_SIDE = 1024;

/** Sides that can be chosen, the shortest first. */
export const SIDES: readonly number[] = Array.from(
  { length: MAX_SIDE / SIDE_STEP },
  (_, at) => (at + 1) * SIDE_STEP,
);

/** Width over height of the shapes that one tap chooses. */
export const ASPECTS = { square: 1, landscape: 3 / 2, portrait: 2 / 3, wide: 16 / 9, tall: 9 / 16 } as const;
export type Aspect = keyof typeof ASPECTS;

/** Ratio to the area of the usual square above which, or below whose inverse, a size is far from it. */
const FAR = 2.5;

export const chosenSize = signal<Size | undefined>(undefined);

/** Side of the square pictures that the model was trained on. */
export const usualSide = computed(() =>
  model.value.state === "ready" ? model.value.report.resolution : 512,
);

export const size = computed<Size>(
  () => chosenSize.value ?? { width: usualSide.value, height: usualSide.value },
);

/** Whether the size is far from the model's own: models draw badly far from sizes they were trained on. */
export const isFarFromUsual = computed(() => {
  const times = (size.value.width * size.value.height) / usualSide.value ** 2;
  return times > FAR || times < 1 / FAR;
});

export function setSize({ width, height }: Size): void {
  const whole = { width: nearestSide(width), height: nearestSide(height) };
  // Until a model is there, its own square isn't known.
  const usual = model.value.state === "ready" && sameSize(whole, sizeOf("square"));
  // Not stored as a choice, so that another model brings its own square.
  chosenSize.value = usual ? undefined : whole;
}

export function setAspect(aspect: Aspect): void {
  if (aspect === "square") chosenSize.value = undefined;
  else setSize(sizeOf(aspect));
}

/** Size of an aspect: the shorter side is the model's own, or as near to it as the longest side allows. */
function sizeOf(aspect: Aspect): Size {
  return sizeOfRatio(ASPECTS[aspect]);
}

/** Size of any shape; `ratio` is width over height. */
export function sizeOfRatio(ratio: number): Size {
  const side = usualSide.value;
  const longer = Math.min(side * Math.max(ratio, 1 / ratio), MAX_SIDE);
  const shorter = Math.min(side, longer / Math.max(ratio, 1 / ratio));
  const [width, height] = ratio >= 1 ? [longer, shorter] : [shorter, longer];
  return { width: nearestSide(width), height: nearestSide(height) };
}

export const aspectNow = computed<Aspect | undefined>(() =>
  (Object.keys(ASPECTS) as Aspect[]).find((aspect) => sameSize(sizeOf(aspect), size.value)),
);

/** Nearest multiple within the limits. The model's own side is taken as it is, even if it is no multiple. */
function nearestSide(side: number): number {
  if (side === usualSide.value) return side;
  const rounded = Math.round(side / SIDE_STEP) * SIDE_STEP;
  return Math.min(Math.max(rounded, MIN_SIDE), MAX_SIDE);
}

export const sameSize = (one: Size, other: Size) => one.width === other.width && one.height === other.height;
