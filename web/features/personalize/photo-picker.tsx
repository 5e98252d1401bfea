/** Chooses the photos: a sample subject, or the visitor's own by drop or picker; each can be cropped or removed. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../../app/text";
import { DropZone } from "../../ui/drop-zone";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { CropDialog } from "./crop-dialog";
import type { SubjectPhoto } from "./photos";
import { samples } from "./samples";
import * as setup from "./setup";

const words = text.personalize;

export function PhotoPicker() {
  const [cropping, setCropping] = useState<SubjectPhoto | undefined>();
  const photos = setup.photos.value;
  return (
    <section class="card photo-picker" aria-labelledby="photos-title">
      <h2 id="photos-title">{words.photosTitle}</h2>
      <SamplePicker />
      <h3>{words.ownTitle}</h3>
      <DropZone
        label={words.drop}
        hint={words.dropHint}
        accept="image/jpeg,image/png,image/webp"
        multiple
        onFiles={setup.addFiles}
      />
      {setup.photoProblems.value.length > 0 && (
        <Notice tone="problem" title={words.problemsTitle}>
          {setup.photoProblems.value.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
        </Notice>
      )}
      {photos.length > 0 && (
        <>
          <h3>{words.photoCount(photos.length)}</h3>
          <ul class="photo-grid">
            {photos.map((photo) => (
              <PhotoTile key={photo.id} photo={photo} onCrop={() => setCropping(photo)} />
            ))}
          </ul>
        </>
      )}
      {cropping && (
        <CropDialog
          photo={cropping}
          classNoun={setup.classNoun.value}
          onDone={(choice) => {
            setup.changePhoto(cropping, choice);
            setCropping(undefined);
          }}
          onCancel={() => setCropping(undefined)}
        />
      )}
    </section>
  );
}

function SamplePicker() {
  if (samples.value.length === 0) return null;
  return (
    <>
      <h3 id="sample-title">{words.sampleTitle}</h3>
      <fieldset class="sample-grid" aria-labelledby="sample-title">
        {samples.value.map((subject) => (
          <button
            key={subject.name}
            type="button"
            class="sample"
            aria-pressed={setup.sample.value?.name === subject.name}
            aria-label={words.sampleLabel(subject.classNoun)}
            title={subject.description}
            onClick={() => setup.chooseSample(subject)}
          >
            <img src={subject.images[0]} alt="" width={256} height={256} loading="lazy" />
            <span>{subject.classNoun}</span>
          </button>
        ))}
      </fieldset>
    </>
  );
}

const THUMBNAIL = 192;

function PhotoTile({ photo, onCrop }: { photo: SubjectPhoto; onCrop: () => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const { left, top, size } = photo.crop;
    context.imageSmoothingQuality = "high";
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
          onClick={() => setup.removePhoto(photo)}
        >
          <Icon name="close" />
        </button>
      </div>
    </li>
  );
}
