/**
 * Two pictures of the same thing, one over the other, with a dragged line between them: `before` shows on its
 * left, `after` on its right. The line follows the pointer; keys and screen readers move it by a slider that covers
 * the whole picture.
 */
import { useRef, useState } from "preact/hooks";
import { text } from "../app/text";
import type { Picture } from "../engine/contract/generation";
import { PictureView } from "./picture-view";

interface BeforeAfterProps {
  /** Sets the size of the whole; `after` is stretched to it. */
  before: Picture;
  after: Picture;
  labels: { before: string; after: string };
}

export function BeforeAfter({ before, after, labels }: BeforeAfterProps) {
  const [share, setShare] = useState(50);
  const slider = useRef<HTMLInputElement>(null);
  // Safari on iOS moves a slider only by its thumb, which doesn't show here.
  const follow = (event: PointerEvent) => {
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    setShare(Math.round(100 * Math.min(1, Math.max(0, (event.clientX - left) / width))));
  };
  const press = (event: PointerEvent) => {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    slider.current?.focus({ preventScroll: true });
    follow(event);
  };
  const drag = (event: PointerEvent) => {
    if ((event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId)) follow(event);
  };
  return (
    // Left and right are places in the picture: the same in every language, whatever its direction.
    <div
      class="before-after"
      dir="ltr"
      style={{ "--share": `${share}%` }}
      onPointerDown={press}
      onPointerMove={drag}
    >
      <PictureView picture={before} label={labels.before} />
      <PictureView picture={after} label={labels.after} />
      <input
        ref={slider}
        type="range"
        min={0}
        max={100}
        step={1}
        value={share}
        aria-label={text.beforeAfter.slider(labels.before, labels.after)}
        aria-valuetext={text.beforeAfter.share(share, labels.before)}
        onInput={(event) => setShare(event.currentTarget.valueAsNumber)}
      />
      <span class="before-after-line" aria-hidden="true" />
      <span class="before-after-label" aria-hidden="true">
        {labels.before}
      </span>
      <span class="before-after-label" aria-hidden="true">
        {labels.after}
      </span>
    </div>
  );
}
