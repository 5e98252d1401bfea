/** Previews of the target prompt as the training goes on: the latest large, earlier ones below. */
import { useSignalEffect } from "@preact/signals";
import { useState } from "preact/hooks";
import { HeldFault } from "../../app/fault-notice";
import { device } from "../../app/studio";
import { text } from "../../app/text";
import { BeforeAfter } from "../../ui/before-after";
import { PictureView } from "../../ui/picture-view";
import * as run from "./run";
import * as untrained from "./untrained";

const words = text.run;

export function PreviewPanel({ every }: { every: number }) {
  const [chosen, setChosen] = useState<number | undefined>();
  const previews = run.previews.value;
  const shown = previews.find(({ step }) => step === chosen) ?? previews.at(-1);
  const prompt = run.previewPrompt.value;
  const label = shown && words.previewLabel(prompt, shown.step);
  const wish = run.cleanWish.value;
  const before = wish && untrained.pictureOf(wish);
  return (
    <section class="card preview-panel" aria-labelledby="preview-title">
      <h2 id="preview-title">{words.previewTitle}</h2>
      {shown && label ? (
        <figure>
          {before ? (
            <BeforeAfter
              before={before}
              after={shown.picture}
              labels={{ before: words.untrained, after: words.previewAt(shown.step) }}
            />
          ) : (
            <PictureView picture={shown.picture} label={label} />
          )}
          <figcaption>
            {words.previewOf(prompt)} <span class="muted">{words.previewAt(shown.step)}</span>
          </figcaption>
        </figure>
      ) : every === 0 ? (
        <p class="hint">{words.previewOff}</p>
      ) : (
        <div class="picture-empty">
          <p>{words.previewWaiting(every)}</p>
        </div>
      )}
      {shown && !before && wish && <DrawUntrained wish={wish} />}
      {previews.length > 1 && (
        <ul class="film-strip">
          {previews.map(({ step, picture }) => (
            <li key={step}>
              <button
                type="button"
                aria-pressed={shown?.step === step}
                aria-label={words.previewAt(step)}
                onClick={() => setChosen(step === previews.at(-1)?.step ? undefined : step)}
              >
                <PictureView picture={picture} />
                <span>{step}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Draws the untrained picture: by itself on a GPU; on a processor it takes time that the training lacks. */
function DrawUntrained({ wish }: { wish: untrained.Wish }) {
  useSignalEffect(() => {
    if (device.value.state === "ready" && !device.value.report.software && !untrained.untrainedFault.peek()) {
      void untrained.draw(wish);
    }
  });
  const now = untrained.drawing.value;
  return (
    <>
      <div class="actions">
        <button
          type="button"
          class="button quiet"
          disabled={now !== undefined}
          onClick={() => untrained.draw(wish)}
        >
          {now ? text.personalize.untrained.drawing(now.step, now.steps) : words.compareUntrained}
        </button>
      </div>
      <HeldFault of={untrained.untrainedFault} />
    </>
  );
}
