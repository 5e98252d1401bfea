/** The square crop of one photo: drag the box, pull the slider, or use the keys. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../../app/text";
import { type Crop, fitCrop, SMALLEST_CROP, type SubjectPhoto } from "./photos";

interface CropDialogProps {
  photo: SubjectPhoto;
  onDone: (crop: Crop) => void;
  onCancel: () => void;
}

export function CropDialog({ photo, onDone, onCancel }: CropDialogProps) {
  const { width, height } = photo.bitmap;
  const [crop, setCrop] = useState(photo.crop);
  const dialog = useRef<HTMLDialogElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const shorter = Math.min(width, height);

  useEffect(() => dialog.current?.showModal(), []);
  useLayoutEffect(() => {
    canvas.current?.getContext("2d")?.drawImage(photo.bitmap, 0, 0);
  }, [photo]);

  const move = (change: Partial<Crop>) => setCrop((now) => fitCrop({ ...now, ...change }, width, height));
  /** Grows or shrinks about the box's middle. */
  const resize = (size: number) => {
    const half = (size - crop.size) / 2;
    move({ size, left: crop.left - half, top: crop.top - half });
  };

  const drag = (event: PointerEvent) => {
    const box = event.currentTarget as HTMLElement;
    const frame = box.parentElement?.getBoundingClientRect();
    if (!frame) return;
    const scale = width / frame.width;
    const from = { x: event.clientX, y: event.clientY, ...crop };
    box.setPointerCapture(event.pointerId);
    const follow = (to: PointerEvent) =>
      move({
        left: from.left + (to.clientX - from.x) * scale,
        top: from.top + (to.clientY - from.y) * scale,
      });
    box.addEventListener("pointermove", follow);
    box.addEventListener("lostpointercapture", () => box.removeEventListener("pointermove", follow), {
      once: true,
    });
  };

  const key = (event: KeyboardEvent) => {
    const step = Math.max(1, Math.round(shorter / 50));
    const moves: Record<string, () => void> = {
      ArrowLeft: () => move({ left: crop.left - step }),
      ArrowRight: () => move({ left: crop.left + step }),
      ArrowUp: () => move({ top: crop.top - step }),
      ArrowDown: () => move({ top: crop.top + step }),
      "+": () => resize(crop.size + 2 * step),
      "-": () => resize(crop.size - 2 * step),
    };
    const wanted = moves[event.key];
    if (!wanted) return;
    event.preventDefault();
    wanted();
  };

  const percent = (value: number, of: number) => `${(100 * value) / of}%`;
  return (
    <dialog class="crop-dialog" ref={dialog} aria-labelledby="crop-title" onClose={onCancel}>
      <h2 id="crop-title">{text.crop.title}</h2>
      <div class="crop-frame" style={{ aspectRatio: `${width} / ${height}`, "--ratio": width / height }}>
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
          onPointerDown={drag}
          onKeyDown={key}
        />
      </div>
      <label class="crop-size">
        {text.crop.size}
        <input
          type="range"
          min={SMALLEST_CROP}
          max={shorter}
          value={crop.size}
          onInput={(event) => resize(event.currentTarget.valueAsNumber)}
        />
      </label>
      <div class="actions end">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {text.run.cancel}
        </button>
        <button type="button" class="button primary" onClick={() => onDone(crop)}>
          {text.crop.done}
        </button>
      </div>
    </dialog>
  );
}
