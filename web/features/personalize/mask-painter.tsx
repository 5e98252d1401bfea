/** Paints over a part of a picture, by finger, mouse or keys. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../../app/text";
import { clear, dab, invert, type Mask, markAll, stroke, tint } from "./mask";
import { MaskHistory } from "./mask-history";
import { whiten } from "./photos";
import { settingsText as words } from "./settings-text";

interface MaskPainterProps {
  picture: ImageBitmap | OffscreenCanvas;
  /** The mask that is painted on, as large as the picture. */
  mask: Mask;
  /** `label` tells screen readers what is painted, `hint` tells everybody how. */
  label: string;
  hint: string;
}

export function MaskPainter({ picture, mask, label, hint }: MaskPainterProps) {
  const { width, height } = picture;
  const shorter = Math.min(width, height);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [radius, setRadius] = useState(shorter / 12);
  const [erasing, setErasing] = useState(false);
  const [brush, setBrush] = useState({ x: width / 2, y: height / 2 });
  const [history] = useState(() => new MaskHistory(mask));
  const [changes, setChanges] = useState(0);

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    whiten(context);
    context.drawImage(picture, 0, 0);
    tint(context, mask, width, height);
    context.lineWidth = Math.max(2, shorter / 200);
    context.strokeStyle = "#fff";
    context.beginPath();
    context.arc(brush.x, brush.y, radius, 0, 2 * Math.PI);
    context.stroke();
  }, [picture, mask, brush, radius, changes]);

  const changed = () => setChanges((count) => count + 1);
  const make = (change: (mask: Mask) => void) => {
    history.make(change);
    changed();
  };
  const undo = () => {
    if (!history.canUndo) return;
    history.undo();
    changed();
  };
  const place = (event: PointerEvent) => {
    const frame = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const scale = width / frame.width;
    return { x: (event.clientX - frame.left) * scale, y: (event.clientY - frame.top) * scale };
  };
  const press = (event: PointerEvent) => {
    const canvas = event.currentTarget as HTMLElement;
    canvas.setPointerCapture(event.pointerId);
    // Safari focuses no button at a click, and its keys would do nothing.
    canvas.focus({ preventScroll: true });
    const at = place(event);
    make((mask) => dab(mask, at.x, at.y, radius, erasing));
    setBrush(at);
  };
  const drag = (event: PointerEvent) => {
    if (!(event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId)) return;
    const at = place(event);
    history.goOn((mask) => stroke(mask, brush, at, radius, erasing));
    setBrush(at);
    changed();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return undo();
    }
    const step = Math.max(2, radius / 2);
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[
      event.key
    ];
    const paints = event.key === " ";
    const rubs = event.key === "Delete" || event.key === "Backspace";
    if (!by && !paints && !rubs) return;
    event.preventDefault();
    if (by) {
      const [right = 0, down = 0] = by;
      const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
      setBrush({ x: within(brush.x + right, width), y: within(brush.y + down, height) });
    } else {
      make((mask) => dab(mask, brush.x, brush.y, radius, rubs || erasing));
    }
  };

  return (
    <>
      <div class="crop-frame" style={{ aspectRatio: `${width} / ${height}`, "--ratio": width / height }}>
        <button
          type="button"
          class="mask-brush"
          aria-label={label}
          aria-describedby="mark-hint"
          onPointerDown={press}
          onPointerMove={drag}
          onKeyDown={key}
        >
          <canvas ref={canvas} width={width} height={height} />
        </button>
      </div>
      <p class="hint" id="mark-hint">
        {hint}
      </p>
      <label class="crop-size">
        {words.brush}
        <input
          type="range"
          min={shorter / 60}
          max={shorter / 3}
          step="any"
          value={radius}
          onInput={(event) => setRadius(event.currentTarget.valueAsNumber)}
        />
      </label>
      <div class="actions">
        <button
          type="button"
          class="button"
          disabled={!history.canUndo}
          aria-keyshortcuts="Control+Z Meta+Z"
          onClick={undo}
        >
          {text.undo}
        </button>
        <button type="button" class="button" aria-pressed={erasing} onClick={() => setErasing(!erasing)}>
          {words.erase}
        </button>
        <button type="button" class="button quiet" onClick={() => make(invert)}>
          {words.invertMarks}
        </button>
        <button type="button" class="button quiet" onClick={() => make(markAll)}>
          {words.markAll}
        </button>
        <button type="button" class="button quiet" onClick={() => make(clear)}>
          {words.clearMarks}
        </button>
      </div>
    </>
  );
}
