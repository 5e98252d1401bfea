/** The picture, if asked for beside the same without the adapter, and the earlier pictures of this visit. */
import { useState } from "preact/hooks";
import { HeldFault } from "../../app/fault-notice";
import { addressOf } from "../../app/navigation";
import { text } from "../../app/text";
import { BeforeAfter } from "../../ui/before-after";
import { download } from "../../ui/download";
import { Icon } from "../../ui/icon";
import { LongText } from "../../ui/long-text";
import { PictureView, toCanvas, toPng } from "../../ui/picture-view";
import { keepFault } from "../gallery/gallery";
import { withSettings } from "../gallery/picture-file";
import { model } from "../models/model";
import { progress } from "./drawing";
import * as state from "./generate";
import { HeatMaps, HeatOverlay } from "./heat-maps";
import { startFrom } from "./start-picture";

const words = text.generate;

export function ResultPanel() {
  const shown = state.shown.value;
  return (
    <section class="card result-panel" aria-label={words.history}>
      {shown ? (
        <Shown result={shown} />
      ) : (
        <div class="picture-empty">
          <p>{words.empty}</p>
        </div>
      )}
      {state.results.value.length > 1 && <Strip shownKey={shown?.key} />}
    </section>
  );
}

function Shown({ result }: { result: state.Result }) {
  const { wish, record, picture, heatMaps, comparison } = result;
  const [mapped, setMapped] = useState<string | undefined>();
  const map = heatMaps.find(({ word }) => word === mapped);
  const save = async () =>
    download(await withSettings(await toPng(picture), record), `palpable-${wish.seed}.png`);
  const startFromIt = async () =>
    startFrom({
      name: words.pictureLabel(wish.prompt),
      bitmap: await createImageBitmap(toCanvas(picture)),
      galleryId: result.galleryId,
    });
  return (
    <>
      {comparison && !map ? (
        <Comparison result={result} comparison={comparison} />
      ) : (
        <figure>
          <div class="with-overlay">
            <PictureView picture={picture} label={words.pictureLabel(wish.prompt)} />
            {map && <HeatOverlay map={map} picture={picture} />}
          </div>
          <figcaption>
            <LongText key={wish.prompt}>{wish.prompt}</LongText>
          </figcaption>
        </figure>
      )}
      {heatMaps.length > 0 && (
        <HeatMaps maps={heatMaps} chosen={mapped} picture={picture} onChoose={setMapped} />
      )}
      <p class="hint">
        {words.caption(wish.seed, wish.steps, wish.guidanceScale, words.samplers[wish.sampler])}
      </p>
      <div class="actions">
        {!comparison && wish.adapters.length > 0 && (
          <button
            type="button"
            class="button"
            title={words.compareHint}
            disabled={progress.value !== undefined || model.value.state !== "ready"}
            onClick={() => {
              // A heat map would hide what is compared.
              setMapped(undefined);
              void state.compare(result);
            }}
          >
            {words.compare}
          </button>
        )}
        <button type="button" class="button" onClick={save}>
          <Icon name="download" />
          {words.save}
        </button>
        <button type="button" class="button quiet" onClick={startFromIt}>
          <Icon name="again" />
          {words.startFrom}
        </button>
        <a class="button quiet" href={addressOf("gallery")}>
          <Icon name="gallery" />
          {words.gallery}
        </a>
      </div>
      <HeldFault of={keepFault} title={text.gallery.problems.notKept} />
    </>
  );
}

interface ComparisonProps {
  result: state.Result;
  comparison: NonNullable<state.Result["comparison"]>;
}

function Comparison({ result: { wish, picture }, comparison }: ComparisonProps) {
  return (
    <figure>
      <BeforeAfter
        before={comparison.picture}
        after={picture}
        labels={{ before: words.without, after: words.with }}
      />
      <figcaption>
        <LongText key={`without ${comparison.prompt}`}>
          <strong>{words.without}</strong> {comparison.prompt}
        </LongText>
        <LongText key={`with ${wish.prompt}`}>
          <strong>{words.with}</strong> {wish.prompt}
        </LongText>
      </figcaption>
    </figure>
  );
}

function Strip({ shownKey }: { shownKey: number | undefined }) {
  return (
    <ul class="film-strip">
      {state.results.value.map(({ key, picture, wish }) => (
        <li key={key}>
          <button
            type="button"
            aria-pressed={key === shownKey}
            aria-label={words.pictureLabel(wish.prompt)}
            onClick={() => {
              state.shownKey.value = key;
            }}
          >
            <PictureView picture={picture} />
          </button>
        </li>
      ))}
    </ul>
  );
}
