/**
 * Two pictures of the same thing, one over the other, with a dragged line between them: `before` shows on its
 * left, `after` on its right. The line is moved by a slider that covers the whole picture, so that keys and
 * screen readers can move it like any other slider.
 */
import { useState } from "preact/hooks";
import { text } from "../app/text";
import type { Picture } from "../engine/contract";
import { PictureView } from "./picture-view";

interface BeforeAfterProps {
  /** Sets the size of the whole; `after` is stretched to it. */
  before: Picture;
  after: Picture;
  labels: { before: string; after: string };
}

export function BeforeAfter({ before, after, labels }: BeforeAfterProps) {
  const [share, setShare] = useState(50);
  return (
    // Left and right are places in the picture: the same in every language, whatever its direction.
    <div class="before-after" dir="ltr" style={{ "--share": `${share}%` }}>
      <PictureView picture={before} label={labels.before} />
      <PictureView picture={after} label={labels.after} />
      <input
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
