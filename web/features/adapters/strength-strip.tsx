/** Draws an adapter's strengths side by side; a tap takes one. */
import { useState } from "preact/hooks";
import { announce } from "../../app/announce";
import { HeldFault } from "../../app/fault-notice";
import { plainNumber } from "../../app/format";
import { text } from "../../app/text";
import { TextField } from "../../ui/field";
import { PictureView } from "../../ui/picture-view";
import { keepFault } from "../gallery/gallery";
import * as drawing from "../generate/drawing";
import { DrawingProgress } from "../generate/drawing-progress";
import { model } from "../models/model";
import type { LibraryEntry } from "./library";
import { chooseStrength, drawStrip, promptFor, STRENGTHS, strip } from "./strengths";

const words = text.adapters.strengths;

export function StrengthStrip({ entry }: { entry: LibraryEntry }) {
  const [prompt, setPrompt] = useState(promptFor(entry));
  const busy = drawing.progress.value !== undefined;
  const shown = strip.value?.key === entry.key ? strip.value : undefined;
  return (
    <details>
      <summary>{words.title}</summary>
      <TextField label={text.generate.prompt} hint={words.hint} value={prompt} onValue={setPrompt} />
      {shown && busy ? (
        <DrawingProgress />
      ) : (
        <div class="actions">
          <button
            type="button"
            class="button"
            disabled={busy || !prompt.trim() || model.value.state !== "ready"}
            onClick={() => drawStrip(entry, prompt.trim())}
          >
            {words.draw(STRENGTHS.length)}
          </button>
        </div>
      )}
      {shown && <HeldFault of={drawing.fault} />}
      {shown && <HeldFault of={keepFault} title={text.gallery.problems.notKept} />}
      {shown && <Tiles pictures={shown.pictures} entry={entry} />}
    </details>
  );
}

function Tiles({
  pictures,
  entry,
}: {
  pictures: (typeof strip.value & object)["pictures"];
  entry: LibraryEntry;
}) {
  const choose = async (place: number) => {
    await chooseStrength(entry.key, place);
    announce(words.chosen(STRENGTHS[place] ?? 0));
  };
  return (
    <ul class="strength-strip">
      {STRENGTHS.map((strength, place) => {
        const picture = pictures[place];
        return (
          <li key={strength}>
            <button
              type="button"
              aria-pressed={entry.strength === strength}
              aria-label={words.choose(strength)}
              disabled={!picture}
              onClick={() => choose(place)}
            >
              {picture ? <PictureView picture={picture} /> : <span class="strength-waiting" />}
              {plainNumber(strength)}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
