/** Learned words of the prompt, each with the region in which it may act. */
import { useState } from "preact/hooks";
import { text } from "../../app/text";
import { PictureView } from "../../ui/picture-view";
import { REGION_SIDE } from "../gallery/region-mask";
import { model } from "../models/model";
import { RegionDialog } from "./region-dialog";
import { regionOf, regionWords, setRegion } from "./regions";
import { size } from "./size";

const words = text.generate.regions;

export function RegionList() {
  const [painting, setPainting] = useState<string | undefined>();
  if (regionWords.value.length === 0 || model.value.state !== "ready") return null;
  return (
    <section class="regions" aria-labelledby="regions-title">
      <h3 id="regions-title">{words.title}</h3>
      <p class="hint">{words.lead}</p>
      <ul class="region-list">
        {regionWords.value.map((word) => (
          <RegionRow key={word} word={word} onPaint={() => setPainting(word)} />
        ))}
      </ul>
      {painting && <RegionDialog word={painting} size={size.value} onClose={() => setPainting(undefined)} />}
    </section>
  );
}

function RegionRow({ word, onPaint }: { word: string; onPaint: () => void }) {
  const region = regionOf(word);
  return (
    <li>
      {region && <PictureView picture={thumbnail(region)} label={words.painted(word)} />}
      <span class="word">{word}</span>
      <span class="hint">{region ? words.inside : words.anywhere}</span>
      <button type="button" class="button" aria-label={words.paintLabel(word)} onClick={onPaint}>
        {region ? words.change : words.paint}
      </button>
      {region && (
        <button
          type="button"
          class="button quiet"
          aria-label={words.clearLabel(word)}
          onClick={() => setRegion(word, undefined)}
        >
          {words.clear}
        </button>
      )}
    </li>
  );
}

function thumbnail(values: Uint8Array) {
  const rgba = new Uint8Array(4 * values.length);
  for (const [place, value] of values.entries()) rgba.set([value, value, value, 255], 4 * place);
  return { width: REGION_SIDE, height: REGION_SIDE, rgba };
}
