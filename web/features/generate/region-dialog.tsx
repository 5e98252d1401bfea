/** Paints where a word may act, over the latest picture where there is one. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { text } from "../../app/text";
import { toCanvas } from "../../ui/picture-view";
import { REGION_SIDE } from "../gallery/region-mask";
import { emptyMask, type Mask } from "../personalize/mask";
import { MaskPainter } from "../personalize/mask-painter";
import { shown } from "./generate";
import { regionOf, setRegion } from "./regions";
import type { Size } from "./size";

const words = text.generate.regions;

interface RegionDialogProps {
  word: string;
  /** Of the picture. */
  size: Size;
  onClose: () => void;
}

export function RegionDialog({ word, size, onClose }: RegionDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [mask, setMask] = useState(() => toMask(regionOf(word), size));
  const picture = useMemo(() => background(size), [size]);
  useEffect(() => dialog.current?.showModal(), []);
  const done = () => {
    setRegion(word, toValues(mask));
    dialog.current?.close();
  };
  return (
    <dialog class="crop-dialog" ref={dialog} aria-labelledby="region-title" onClose={onClose}>
      <h2 id="region-title">{words.dialogTitle(word)}</h2>
      <MaskPainter
        picture={picture}
        mask={mask}
        label={words.canvas(word)}
        hint={words.hint}
        onClear={() => setMask(emptyMask(size.width, size.height))}
      />
      <div class="actions end">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {text.run.cancel}
        </button>
        <button type="button" class="button primary" onClick={done}>
          {text.crop.done}
        </button>
      </div>
    </dialog>
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

/** A region as marks of the picture's size. */
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

/** Inside is what is more than half marked. */
function toValues(mask: Mask): Uint8Array | undefined {
  const context = new OffscreenCanvas(REGION_SIDE, REGION_SIDE).getContext("2d");
  if (!context) return undefined;
  context.drawImage(mask, 0, 0, REGION_SIDE, REGION_SIDE);
  const { data } = context.getImageData(0, 0, REGION_SIDE, REGION_SIDE);
  return Uint8Array.from({ length: REGION_SIDE ** 2 }, (_, place) =>
    (data[4 * place + 3] ?? 0) >= 128 ? 255 : 0,
  );
}
