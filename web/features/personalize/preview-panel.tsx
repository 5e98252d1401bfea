/** What the target prompt looks like as training goes on: the latest large, the earlier ones below. */
import { useState } from "preact/hooks";
import { text } from "../../app/text";
import { PictureView } from "../../ui/picture-view";
import * as run from "./run";

const words = text.run;

export function PreviewPanel({ every }: { every: number }) {
  const [chosen, setChosen] = useState<number | undefined>();
  const previews = run.previews.value;
  const shown = previews.find(({ step }) => step === chosen) ?? previews.at(-1);
  const prompt = run.previewPrompt.value;
  return (
    <section class="card preview-panel" aria-labelledby="preview-title">
      <h2 id="preview-title">{words.previewTitle}</h2>
      {shown ? (
        <figure>
          <PictureView picture={shown.picture} label={words.previewLabel(prompt, shown.step)} />
          <figcaption>
            “{prompt}” <span class="muted">{words.previewAt(shown.step)}</span>
          </figcaption>
        </figure>
      ) : (
        <div class="picture-empty">
          <p>{every === 0 ? words.previewOff : words.previewWaiting(every)}</p>
        </div>
      )}
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
