/**
 * Chooses a subject's photos: a sample's, or the visitor's own by drop, picker, clipboard or camera. Each
 * photo can be cropped or removed.
 */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../../app/text";
import { DropZone } from "../../ui/drop-zone";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { usePastedFiles } from "../../ui/pasted-files";
import { CropDialog } from "./crop-dialog";
import type { PhotoList } from "./photo-list";
import { PHOTO_TYPES, type SubjectPhoto, whiten } from "./photos";
import { type SampleSubject, samples, THUMBNAIL_SIDE } from "./samples";

const words = text.personalize;

interface PhotoPickerProps {
  list: PhotoList;
  /** What the photos show, for their captions. */
  classNoun: string;
  /** Tells the pickers of one screen apart. */
  id: string;
  /** Whether pasted photos come here. */
  takesPasted: boolean;
  onSample: (subject: SampleSubject) => void;
  onFiles: (files: File[], problems?: string[]) => void;
}

export function PhotoPicker({ list, classNoun, id, takesPasted, onSample, onFiles }: PhotoPickerProps) {
  const [cropping, setCropping] = useState<SubjectPhoto | undefined>();
  const grid = useRef<HTMLUListElement>(null);
  /** Removes a photo; the focus goes to the photo that moves up, or else to the one before. */
  const remove = (photo: SubjectPhoto, place: number) => {
    list.remove(photo);
    requestAnimationFrame(() => {
      const buttons = grid.current?.querySelectorAll<HTMLElement>(".photo-tile button:last-child") ?? [];
      (buttons[place] ?? buttons[place - 1])?.focus();
    });
  };
  const photos = list.photos.value;
  const problems = list.problems.value;
  const opening = list.opening.value;
  const awaited = list.awaited.value;
  usePastedFiles(onFiles, takesPasted && !cropping);
  return (
    <>
      <SamplePicker list={list} id={id} onSample={onSample} />
      <h3>{words.ownTitle}</h3>
      <DropZone label={words.drop} hint={words.dropHint} accept={PHOTO_TYPES} multiple onFiles={onFiles} />
      <button type="button" class="button camera" onClick={() => photograph(onFiles)}>
        <Icon name="camera" />
        {words.photograph}
      </button>
      {problems.length > 0 && (
        <Notice tone="problem" title={words.problemsTitle}>
          {problems.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
        </Notice>
      )}
      {awaited > 0 && <AwaitedPhotos count={awaited} />}
      {awaited === 0 && (photos.length > 0 || opening) && (
        <>
          <h3>{words.photoCount(photos.length)}</h3>
          <ul class="photo-grid" ref={grid}>
            {photos.map((photo, place) => (
              <PhotoTile
                key={photo.id}
                photo={photo}
                onCrop={() => setCropping(photo)}
                onRemove={() => remove(photo, place)}
              />
            ))}
            {opening && (
              <li class="photo-tile opening">
                <span role="status">{words.opening(opening)}</span>
              </li>
            )}
          </ul>
        </>
      )}
      {cropping && (
        <CropDialog
          photo={cropping}
          classNoun={classNoun}
          onDone={(choice) => {
            list.change(cropping, choice);
            setCropping(undefined);
          }}
          onCancel={() => setCropping(undefined)}
        />
      )}
    </>
  );
}

/** Opens the device's camera; its button only shows on devices with a touch screen. */
function photograph(onFiles: (files: File[]) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/*";
  input.setAttribute("capture", "environment");
  input.hidden = true;
  input.addEventListener("change", () => {
    if (input.files?.length) onFiles([...input.files]);
    input.remove();
  });
  input.addEventListener("cancel", () => input.remove());
  // In the page: Safari on iOS may drop an input that nothing holds while its camera is open.
  document.body.append(input);
  input.click();
}

/** Has the place and size of photos that are being fetched, so that nothing below them jumps. */
const AwaitedPhotos = ({ count }: { count: number }) => (
  <>
    <h3>{words.openingSample}</h3>
    <ul class="photo-grid">
      {Array.from({ length: count }, (_, at) => (
        <li key={at} class="photo-tile opening" />
      ))}
    </ul>
  </>
);

function SamplePicker({ list, id, onSample }: Pick<PhotoPickerProps, "list" | "id" | "onSample">) {
  return (
    <>
      <h3 id={`${id}-sample`}>{words.sampleTitle}</h3>
      <fieldset class="sample-grid" aria-labelledby={`${id}-sample`}>
        {samples.map((subject) => (
          <button
            key={subject.name}
            type="button"
            class="sample"
            aria-pressed={list.sample.value?.name === subject.name}
            aria-label={words.sampleLabel(subject.classNoun)}
            title={words.sampleLook(subject.name, subject.description)}
            onClick={() => onSample(subject)}
          >
            <img
              src={subject.thumbnail}
              alt=""
              width={THUMBNAIL_SIDE}
              height={THUMBNAIL_SIDE}
              loading="lazy"
            />
            <span>{subject.classNoun}</span>
          </button>
        ))}
      </fieldset>
    </>
  );
}

const THUMBNAIL = 192;

interface PhotoTileProps {
  photo: SubjectPhoto;
  onCrop: () => void;
  onRemove: () => void;
}

function PhotoTile({ photo, onCrop, onRemove }: PhotoTileProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const { left, top, size } = photo.crop;
    context.imageSmoothingQuality = "high";
    whiten(context);
    context.drawImage(photo.bitmap, left, top, size, size, 0, 0, THUMBNAIL, THUMBNAIL);
  }, [photo]);
  return (
    <li class="photo-tile">
      <canvas ref={canvas} width={THUMBNAIL} height={THUMBNAIL} role="img" aria-label={photo.name} />
      <div class="photo-tools">
        <button
          type="button"
          class="icon-button"
          aria-label={words.cropLabel(photo.name)}
          title={words.crop}
          onClick={onCrop}
        >
          <Icon name="crop" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={words.removeLabel(photo.name)}
          title={words.remove}
          onClick={onRemove}
        >
          <Icon name="close" />
        </button>
      </div>
    </li>
  );
}
