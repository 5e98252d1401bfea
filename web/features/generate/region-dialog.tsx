/** Dialog to paint the region in which a word may act, over the latest picture if there is one. */
import { useState } from "preact/hooks";
import { text } from "../../app/text";
import { toCanvas } from "../../ui/picture-view";
import { REGION_SIDE } from "../gallery/region-mask";
import { emptyMask, type Mask } from "../personalize/mask";
import { shown } from "./generate";
import { PaintDialog } from "./paint-dialog";
import { regionOf, setRegion } from "./regions";
import type { Size } from "./size";

const words = text.generate.regions;

interface RegionDialogProps {
  word: string;
  /** Size of the picture. */
  size: Size;
  onClose: () => void;
}

export function RegionDialog({ word, size, onClose }: RegionDialogProps) {
  const [picture] = useState(() => background(size));
  const [painted] = useState(() => toMask(regionOf(word), size));
  return (
    <PaintDialog
      title={words.dialogTitle(word)}
      picture={picture}
      painted={painted}
      label={words.canvas(word)}
      hint={words.hint}
      onDone={(mask) => setRegion(word, toValues(mask))}
      onClose={onClose}
    />
  );
}

function background({ width, height }: Size): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = "#8b978f";
  context.fillRect(0, 0, width, height);
  if (shown.value) context.drawImage(toCanvas(shown.value.picture), 0, 0, width, height);
  return canvas;
}

/** Turns a region into a mask of the picture's size. */
function toMask(values: Uint8Array | undefined, size: Size): Mask {
  const mask = emptyMask(size.width, size.height);
  const context = mask.getContext("2d");
  if (!values || !context) return mask;
  const rgba = new Uint8Array(4 * values.length);
  for (const [place, value] of values.entries()) rgba[4 * place + 3] = value;
  context.imageSmoothingEnabled = false;
  context.drawImage(
    toCanvas({ width: REGION_SIDE, height: REGION_SIDE, rgba }),
    0,
    0,
    size.width,
    size.height,
  );
  return mask;
}

/** Turns a mask into a region; places that are marked more than half are inside. */
function toValues(mask: Mask): Uint8Array | undefined {
  const context = new OffscreenCanvas(REGION_SIDE, REGION_SIDE).getContext("2d");
  if (!context) return undefined;
  context.drawImage(mask, 0, 0, REGION_SIDE, REGION_SIDE);
  const { data } = context.getImageData(0, 0, REGION_SIDE, REGION_SIDE);
  return Uint8Array.from({ length: REGION_SIDE ** 2 }, (_, place) =>
    (data[4 * place + 3] ?? 0) >= 128 ? 255 : 0,
  );
}
