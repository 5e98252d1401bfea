/** Masks that mark the subject in a photo, painted by hand: an alpha channel of the photo's size. */

export type Mask = OffscreenCanvas;

export const emptyMask = (width: number, height: number): Mask => new OffscreenCanvas(width, height);

/** Paints a round dab of the brush, or erases one; lengths are in pixels of the photo. */
export function dab(mask: Mask, x: number, y: number, radius: number, erase: boolean): void {
  const context = mask.getContext("2d");
  if (!context) return;
  context.globalCompositeOperation = erase ? "destination-out" : "source-over";
  context.fillStyle = "#000";
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** Swaps marked and unmarked parts. */
export function invert(mask: Mask): void {
  cover(mask, "xor");
}

export function markAll(mask: Mask): void {
  cover(mask, "source-over");
}

export function clear(mask: Mask): void {
  mask.getContext("2d")?.clearRect(0, 0, mask.width, mask.height);
}

function cover(mask: Mask, operation: "xor" | "source-over"): void {
  const context = mask.getContext("2d");
  if (!context) return;
  context.globalCompositeOperation = operation;
  context.fillStyle = "#000";
  context.fillRect(0, 0, mask.width, mask.height);
}

/** Paints a stroke as dabs that are close enough to leave no gaps. */
export function stroke(
  mask: Mask,
  from: { x: number; y: number },
  to: { x: number; y: number },
  radius: number,
  erase: boolean,
): void {
  for (const { x, y } of pointsAlong(from, to, radius / 2)) dab(mask, x, y, radius, erase);
}

/** Points from the first to the last, no further apart than `gap`. */
export function pointsAlong(
  from: { x: number; y: number },
  to: { x: number; y: number },
  gap: number,
): { x: number; y: number }[] {
  const pieces = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / Math.max(gap, 1)));
  return Array.from({ length: pieces + 1 }, (_, index) => ({
    x: from.x + ((to.x - from.x) * index) / pieces,
    y: from.y + ((to.y - from.y) * index) / pieces,
  }));
}

/**
 * Copies the mask's opacity into the picture's alpha; both have four bytes per pixel. With a mask without
 * marks, the picture stays as it is: the whole photo counts.
 */
export function withAlpha(rgba: Uint8Array, mask: Uint8ClampedArray): Uint8Array {
  const marked = mask.some((value, at) => at % 4 === 3 && value > 0);
  return marked ? rgba.map((value, at) => (at % 4 === 3 ? (mask[at] ?? 0) : value)) : rgba;
}

export function hasMarks(mask: Mask): boolean {
  const data = mask.getContext("2d")?.getImageData(0, 0, mask.width, mask.height).data;
  return data?.some((value, at) => at % 4 === 3 && value > 0) ?? false;
}

/** Draws the marks as a coloured veil over the photo, stretched to its size. */
export function tint(context: CanvasRenderingContext2D, mask: Mask, width: number, height: number): void {
  const veil = new OffscreenCanvas(mask.width, mask.height);
  const paint = veil.getContext("2d");
  if (!paint) return;
  paint.drawImage(mask, 0, 0);
  paint.globalCompositeOperation = "source-in";
  paint.fillStyle = "rgb(15 160 130 / 55%)";
  paint.fillRect(0, 0, mask.width, mask.height);
  context.drawImage(veil, 0, 0, width, height);
}
