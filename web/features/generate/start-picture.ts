/**
 * The picture to start from, cut to the size that is drawn, and the mask of its repainted part. Held while
 * the page is open; the Gallery keeps it, as it was cut, with each picture drawn on it.
 */
import { computed, signal } from "@preact/signals";
import type { SourcePicture } from "../../engine/contract/generation";
import type { Mask } from "../personalize/mask";
import { type Size, size } from "./size";

export interface StartPicture {
  /** What people know it by. */
  name: string;
  bitmap: ImageBitmap;
  /** Id in the Gallery, if it is one of its pictures. */
  galleryId: string | undefined;
}

/** How a picture of another shape is fitted to the size that is drawn. */
export type Fit = "cut" | "stretch";

export const STRENGTH_RANGE = { min: 0.05, max: 1, step: 0.05 } as const;
const USUAL_STRENGTH = 0.6;
export const BLUR_RANGE = { min: 0, max: 32 } as const;
const USUAL_BLUR = 4;

export const start = signal<StartPicture | undefined>(undefined);
export const fit = signal<Fit>("cut");
/** Which part is kept where the sides are cut: 0 is left or top, 1 right or bottom. */
export const part = signal(0.5);
/** Share of the steps that is made: 1 leaves nothing of the start picture. */
export const strength = signal(USUAL_STRENGTH);
/** Opaque where the picture is repainted, of the size at which it was painted; `undefined` repaints all. */
export const mask = signal<Mask | undefined>(undefined);
export const maskBlur = signal(USUAL_BLUR);

/** Sets the picture to start from, without a mask; `undefined` starts from noise again. */
export function startFrom(picture: StartPicture | undefined): void {
  if (start.value && start.value.bitmap !== picture?.bitmap) start.value.bitmap.close();
  start.value = picture;
  part.value = 0.5;
  mask.value = undefined;
}

/** The part of a picture, in its pixels, that fills the size. */
export function cutOf(picture: Size, { width, height }: Size, fit: Fit, part: number) {
  if (fit === "stretch") return { left: 0, top: 0, width: picture.width, height: picture.height };
  const scale = Math.min(picture.width / width, picture.height / height);
  const cut = { width: width * scale, height: height * scale };
  return { left: (picture.width - cut.width) * part, top: (picture.height - cut.height) * part, ...cut };
}

/** Which sides are cut off, if any. */
export const cutSides = computed<"left and right" | "top and bottom" | undefined>(() => {
  if (!start.value || fit.value === "stretch") return undefined;
  const { width, height } = start.value.bitmap;
  const cut = cutOf({ width, height }, size.value, "cut", 0);
  if (width - cut.width >= 1) return "left and right";
  return height - cut.height >= 1 ? "top and bottom" : undefined;
});

/** The start picture fitted to the size that is drawn; `undefined` without one. */
export function fittedCanvas(): OffscreenCanvas | undefined {
  if (!start.value) return undefined;
  const { bitmap } = start.value;
  const { width, height } = size.value;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return undefined;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  const cut = cutOf(bitmap, size.value, fit.value, part.value);
  context.drawImage(bitmap, cut.left, cut.top, cut.width, cut.height, 0, 0, width, height);
  return canvas;
}

/** Source picture for the engine; `undefined` when starting from noise. */
export function sourcePicture(): SourcePicture | undefined {
  const canvas = fittedCanvas();
  if (!canvas) return undefined;
  const { width, height } = canvas;
  const rgba = pixelsOf(canvas);
  if (!mask.value) return { width, height, rgba };
  const marks = new OffscreenCanvas(width, height);
  marks.getContext("2d")?.drawImage(mask.value, 0, 0, width, height);
  return { width, height, rgba, mask: opacityOf(pixelsOf(marks)) };
}

function pixelsOf(canvas: OffscreenCanvas): Uint8Array {
  const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
  return new Uint8Array(data?.buffer ?? new ArrayBuffer(0));
}

/** Opacity of each pixel: the last of its four bytes. */
const opacityOf = (rgba: Uint8Array) =>
  Uint8Array.from({ length: rgba.length / 4 }, (_, pixel) => rgba[4 * pixel + 3] ?? 0);
