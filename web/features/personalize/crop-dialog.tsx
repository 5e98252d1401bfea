/** Dialog for one photo: its square crop by drag, pinch, slider or keys, its caption, and subject marks. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { withArticle } from "../../app/prompts";
import { text } from "../../app/text";
import { TextField } from "../../ui/field";
import { useModal } from "../../ui/use-modal";
import { useCropGesture } from "./crop-gesture";
import { emptyMask, hasMarks } from "./mask";
import { MaskPainter } from "./mask-painter";
import { type Crop, fitCrop, MIN_CROP, type PhotoChoice, type SubjectPhoto, whiten } from "./photos";
import { settingsText } from "./settings-text";
import { suggestCrop } from "./suggest-crop";

interface CropDialogProps {
  photo: SubjectPhoto;
  classNoun: string;
  onDone: (choice: PhotoChoice) => void;
  onCancel: () => void;
}

export function CropDialog({ photo, classNoun, onDone, onCancel }: CropDialogProps) {
  const { width, height } = photo.bitmap;
  const [crop, setCrop] = useState(photo.crop);
  const [caption, setCaption] = useState(photo.caption);
  // A copy, so that leaving the dialog leaves the marks as they were.
  const [mask] = useState(() => {
    const copy = emptyMask(width, height);
    if (photo.mask) copy.getContext("2d")?.drawImage(photo.mask, 0, 0);
    return copy;
  });
  const [marking, setMarking] = useState(false);
  const [suggested, setSuggested] = useState("");
  const dialog = useModal();
  const chosen = useRef<PhotoChoice | undefined>(undefined);
  // Removed only after the dialog has closed: by then the browser has returned the focus to where it was.
  const close = () => (chosen.current ? onDone(chosen.current) : onCancel());
  const canvas = useRef<HTMLCanvasElement>(null);
  const shorter = Math.min(width, height);

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    whiten(context);
    context.drawImage(photo.bitmap, 0, 0);
  }, [photo, marking]);

  /** From the crop as it is then: keys may come faster than the page is rendered. */
  const change = (next: (now: Crop) => Crop) => setCrop((now) => fitCrop(next(now), width, height));
  const move = (right: number, down: number) =>
    change((now) => ({ ...now, left: now.left + right, top: now.top + down }));
  /** Grows or shrinks about the box's middle. */
  const resize = (sizeFrom: (size: number) => number) =>
    change((now) => {
      const size = sizeFrom(now.size);
      const half = (size - now.size) / 2;
      return { size, left: now.left - half, top: now.top - half };
    });

  const suggest = async () => {
    const found = await suggestCrop(photo.bitmap, mask, classNoun);
    if (found) setCrop(found.crop);
    setSuggested(found ? (found.sure ? text.crop.found : text.crop.unsure) : text.crop.notFound);
  };

  const gesture = useCropGesture(crop, width, (crop) => change(() => crop));

  const key = (event: KeyboardEvent) => {
    const step = Math.max(1, Math.round(shorter / 50));
    const moves: Record<string, () => void> = {
      ArrowLeft: () => move(-step, 0),
      ArrowRight: () => move(step, 0),
      ArrowUp: () => move(0, -step),
      ArrowDown: () => move(0, step),
      "+": () => resize((size) => size + 2 * step),
      "-": () => resize((size) => size - 2 * step),
    };
    const wanted = moves[event.key];
    if (!wanted) return;
    event.preventDefault();
    wanted();
  };

  const percent = (value: number, of: number) => `${(100 * value) / of}%`;
  return (
    <dialog class="dialog" ref={dialog} aria-labelledby="crop-title" onClose={close}>
      <h2 id="crop-title">{marking ? settingsText.mark : text.crop.title}</h2>
      {marking ? (
        <MaskPainter
          picture={photo.bitmap}
          mask={mask}
          label={settingsText.markCanvas}
          hint={settingsText.markHint}
        />
      ) : (
        <>
          <div
            class="crop-frame"
            style={{ aspectRatio: `${width} / ${height}`, "--ratio": width / height }}
            {...gesture}
          >
            <canvas ref={canvas} width={width} height={height} role="img" aria-label={photo.name} />
            <button
              type="button"
              class="crop-box"
              aria-label={text.crop.box}
              style={{
                left: percent(crop.left, width),
                top: percent(crop.top, height),
                width: percent(crop.size, width),
                height: percent(crop.size, height),
              }}
              onKeyDown={key}
            />
          </div>
          <label class="crop-size">
            {text.crop.size}
            <input
              type="range"
              min={MIN_CROP}
              max={shorter}
              value={crop.size}
              onInput={({ currentTarget: { valueAsNumber } }) => resize(() => valueAsNumber)}
            />
          </label>
          <div class="crop-suggestion">
            <button type="button" class="button" onClick={suggest}>
              {text.crop.suggest}
            </button>
            <span class="hint" role="status">
              {suggested}
            </span>
          </div>
          <TextField
            label={settingsText.caption}
            hint={settingsText.captionHint(withArticle(classNoun.trim() || "thing"))}
            value={caption}
            onValue={setCaption}
          />
        </>
      )}
      <div class="actions end">
        <button
          type="button"
          class="button quiet"
          aria-pressed={marking}
          onClick={() => setMarking(!marking)}
        >
          {marking ? text.crop.title : settingsText.mark}
        </button>
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {text.run.cancel}
        </button>
        <button
          type="button"
          class="button primary"
          onClick={() => {
            chosen.current = { crop, caption: caption.trim(), mask: hasMarks(mask) ? mask : undefined };
            dialog.current?.close();
          }}
        >
          {text.crop.done}
        </button>
      </div>
    </dialog>
  );
}
