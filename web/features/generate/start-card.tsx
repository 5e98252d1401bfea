/** A picture to start from: where it comes from, how it is cut, how much of it changes, and where. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { addressOf } from "../../app/navigation";
import { bound } from "../../ui/bound";
import { DropZone } from "../../ui/drop-zone";
import { SelectField, SliderField } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { usePastedFiles } from "../../ui/pasted-files";
import { emptyMask, hasMarks, type Mask, tint } from "../personalize/mask";
import { PHOTO_TYPES, PhotoProblem, readPhoto } from "../personalize/photos";
import { PaintDialog } from "./paint-dialog";
import { type Size, sameSize, setSize, size, sizeOfRatio } from "./size";
import * as state from "./start-picture";
import { startText as words } from "./start-text";

export function StartCard() {
  const [problem, setProblem] = useState<string | undefined>();
  const take = async ([file]: readonly File[], [found]: readonly string[] = []) => {
    setProblem(file ? undefined : found);
    if (!file) return;
    try {
      const { bitmap, name } = await readPhoto(file, file.name);
      state.startFrom({ name, bitmap, galleryId: undefined });
    } catch (error) {
      if (!(error instanceof PhotoProblem)) throw error;
      setProblem(error.message);
    }
  };
  usePastedFiles(take);
  return (
    <div class="start-picture">
      <p class="hint">{words.lead}</p>
      {problem && <Notice tone="problem">{problem}</Notice>}
      {state.start.value ? (
        <Started start={state.start.value} />
      ) : (
        <>
          <DropZone
            label={words.drop}
            hint={words.dropHint}
            accept={PHOTO_TYPES}
            multiple={false}
            onFiles={take}
          />
          <a class="button quiet" href={addressOf("gallery")}>
            <Icon name="gallery" />
            {words.fromGallery}
          </a>
        </>
      )}
    </div>
  );
}

function Started({ start }: { start: state.StartPicture }) {
  return (
    <>
      <Preview name={start.name} />
      <p class="hint">{becomes(start.bitmap)}</p>
      <Shape bitmap={start.bitmap} />
      <SliderField
        label={words.strength}
        hint={words.strengthHint}
        {...state.STRENGTH_RANGE}
        {...bound(state.strength)}
      />
      <MaskSettings />
      <div class="actions">
        <button type="button" class="button" onClick={() => state.startFrom(undefined)}>
          {words.remove}
        </button>
      </div>
    </>
  );
}

function becomes(bitmap: Size): string {
  const sentence = words.becomes(inPixels(bitmap), inPixels(size.value));
  return state.cutSides.value ? `${sentence} ${words.isCut[state.cutSides.value]}` : sentence;
}

const inPixels = ({ width, height }: Size) => `${width} × ${height}`;

/** The start picture as it goes to the engine, with a veil where it is redrawn. */
function Preview({ name }: { name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = size.value;
  const mask = state.mask.value;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    const fitted = state.fittedCanvas();
    if (!context || !fitted) return;
    context.drawImage(fitted, 0, 0);
    if (mask) tint(context, mask, width, height);
  }, [state.start.value, width, height, state.fit.value, state.part.value, mask]);
  return (
    <canvas
      ref={canvas}
      class="picture start-preview"
      width={width}
      height={height}
      role="img"
      aria-label={(mask ? words.previewMasked : words.preview)(name)}
    />
  );
}

function Shape({ bitmap }: { bitmap: Size }) {
  const own = sizeOfRatio(bitmap.width / bitmap.height);
  const cut = state.cutSides.value !== undefined;
  if (!cut && state.fit.value === "cut") return null;
  return (
    <>
      <SelectField
        label={words.fit}
        options={Object.entries(words.fits) as [state.Fit, string][]}
        {...bound(state.fit)}
      />
      {cut && (
        <SliderField
          label={words.part}
          min={0}
          max={100}
          step={1}
          value={Math.round(100 * state.part.value)}
          onValue={(percent) => {
            state.part.value = percent / 100;
          }}
        />
      )}
      {!sameSize(own, size.value) && (
        <div class="actions">
          <button type="button" class="button" onClick={() => setSize(own)}>
            {words.takeShape(inPixels(own))}
          </button>
        </div>
      )}
    </>
  );
}

function MaskSettings() {
  const [painting, setPainting] = useState<OffscreenCanvas | undefined>();
  const mask = state.mask.value;
  return (
    <section class="regions" aria-labelledby="mask-title">
      <h3 id="mask-title">{words.maskTitle}</h3>
      <p class="hint">{words.maskLead}</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => setPainting(state.fittedCanvas())}>
          {mask ? words.change : words.paint}
        </button>
        {mask && (
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              state.mask.value = undefined;
            }}
          >
            {words.whole}
          </button>
        )}
      </div>
      {mask && <SliderField label={words.blur} {...state.BLUR_RANGE} step={1} {...bound(state.maskBlur)} />}
      {painting && (
        <PaintDialog
          title={words.dialogTitle}
          picture={painting}
          painted={copyOf(mask, painting)}
          label={words.canvas}
          hint={words.hint}
          onDone={(painted) => {
            state.mask.value = hasMarks(painted) ? painted : undefined;
          }}
          onClose={() => setPainting(undefined)}
        />
      )}
    </section>
  );
}

function copyOf(mask: Mask | undefined, { width, height }: Size): Mask {
  const copy = emptyMask(width, height);
  if (mask) copy.getContext("2d")?.drawImage(mask, 0, 0, width, height);
  return copy;
}
