/** One picture large, with everything that made it. Arrow keys go to its neighbours. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { dateTime, plainNumber } from "../../app/format";
import { addressOf, goTo } from "../../app/navigation";
import { text } from "../../app/text";
import { faultError } from "../../engine/fault";
import { download } from "../../ui/download";
import { Icon } from "../../ui/icon";
import { LongText } from "../../ui/long-text";
import { fillIn } from "../generate/restore";
import { setSize } from "../generate/size";
import { startFromGallery } from "../generate/start-from-gallery";
import { deletePictures } from "./deletion";
import * as gallery from "./gallery";
import { readPicture, readStart } from "./store";
import { StoredImage } from "./stored-image";

const words = text.gallery.picture;

/** Id of the picture that was open before the grid, so that the focus can return to its tile. */
export const lastOpened = signal<string | undefined>(undefined);

export function PicturePage({ id }: { id: string }) {
  const entry = gallery.entries.value?.find((other) => other.id === id);
  const { newer, older } = neighbours(id);
  const heading = useRef<HTMLHeadingElement>(null);
  // Layout effects run with the frame that shows the heading, not some frames later: a key pressed at once
  // counts, and the focus isn't taken from what it chose.
  useLayoutEffect(() => {
    lastOpened.value = id;
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  useLayoutEffect(() => {
    const turn = (event: KeyboardEvent) => {
      const target = event.key === "ArrowLeft" ? newer : event.key === "ArrowRight" ? older : undefined;
      if (target && !event.altKey && !event.ctrlKey && !event.metaKey) goTo("gallery", target.id);
    };
    window.addEventListener("keydown", turn);
    return () => window.removeEventListener("keydown", turn);
  }, [newer?.id, older?.id]);
  return (
    <>
      <nav class="picture-nav" aria-label={text.gallery.title}>
        <a class="button quiet" href={addressOf("gallery")}>
          <Icon name="left" />
          {words.back}
        </a>
        <span class="actions">
          <Neighbour entry={newer} icon="left" name={words.newer} />
          <Neighbour entry={older} icon="right" name={words.older} />
        </span>
      </nav>
      <h1 class="visually-hidden" tabIndex={-1} ref={heading}>
        {entry ? text.gallery.label(entry.settings.prompt) : text.gallery.title}
      </h1>
      {entry && <Picture entry={entry} next={older ?? newer} />}
      {!entry && <p class="empty">{gallery.entries.value ? words.missing : text.loading}</p>}
    </>
  );
}

/** Neighbours of a picture among those found by the search or, if it isn't one of them, among all. */
function neighbours(id: string) {
  const found = gallery.found.value;
  const row = found.some((entry) => entry.id === id) ? found : (gallery.entries.value ?? []);
  const at = row.findIndex((entry) => entry.id === id);
  return at < 0 ? {} : { newer: row[at - 1], older: row[at + 1] };
}

interface NeighbourProps {
  entry: gallery.Entry | undefined;
  icon: "left" | "right";
  name: string;
}

const Neighbour = ({ entry, icon, name }: NeighbourProps) =>
  entry ? (
    <a class="icon-button" href={addressOf("gallery", entry.id)} aria-label={name} title={name}>
      <Icon name={icon} />
    </a>
  ) : null;

function Picture({ entry, next }: { entry: gallery.Entry; next: gallery.Entry | undefined }) {
  const { id, settings, favourite } = entry;
  const [broken, setBroken] = useState(false);
  const use = () => {
    fillIn(settings, { entry: id });
    goTo("generate");
  };
  const startFromIt = () =>
    gallery.attempt(async () => {
      if (!(await startFromGallery(id))) throw faultError("Storage", words.unreadable);
      setSize(settings);
      goTo("generate");
    });
  const save = () =>
    gallery.attempt(async () => {
      const picture = await readPicture(id);
      if (!picture) throw faultError("Storage", words.unreadable);
      download(picture, `palpable-${settings.seed}.png`);
    });
  const remove = async () => {
    await deletePictures([entry]);
    goTo("gallery", next?.id);
  };
  return (
    <div class="picture-page">
      <figure class="card">
        <StoredImage
          id={id}
          read={readPicture}
          label={text.gallery.label(settings.prompt)}
          width={settings.width}
          height={settings.height}
          onBroken={() => setBroken(true)}
        />
        {broken && <figcaption class="field-error">{words.unreadable}</figcaption>}
      </figure>
      <section class="card" aria-label={words.settings}>
        <div class="picture-prompt">
          <LongText key={entry.id}>{settings.prompt}</LongText>
        </div>
        <div class="actions picture-actions">
          <button type="button" class="button primary" onClick={use}>
            <Icon name="again" />
            {words.use}
          </button>
          <button type="button" class="button" onClick={save}>
            <Icon name="download" />
            {words.save}
          </button>
        </div>
        <div class="actions">
          <button type="button" class="button quiet" onClick={startFromIt}>
            <Icon name="generate" />
            {words.startFrom}
          </button>
          <button
            type="button"
            class="button quiet star"
            aria-pressed={favourite}
            onClick={() => gallery.toggleFavourite(entry)}
          >
            <Icon name="star" />
            {text.gallery.favouriteMark}
          </button>
          <button type="button" class="button quiet" onClick={remove}>
            <Icon name="trash" />
            {text.gallery.delete}
          </button>
        </div>
        <Facts entry={entry} />
      </section>
    </div>
  );
}

function Facts({ entry: { id, settings, savedAt } }: { entry: gallery.Entry }) {
  const { adapters, negativePrompt, width, height, sampler, start } = settings;
  const samplers: Readonly<Record<string, string>> = text.generate.samplers;
  const used = adapters.map(({ name, strength }) => words.adapter(name, strength)).join(", ");
  return (
    <dl class="facts">
      {negativePrompt && (
        <Fact name={words.negative}>
          <LongText key={id}>{negativePrompt}</LongText>
        </Fact>
      )}
      <Fact name={words.seed}>{settings.seed}</Fact>
      <Fact name={words.steps}>{settings.steps}</Fact>
      <Fact name={words.guidance}>{plainNumber(settings.guidanceScale)}</Fact>
      <Fact name={words.sampler}>{Object.hasOwn(samplers, sampler) ? samplers[sampler] : sampler}</Fact>
      <Fact name={words.size}>{`${width} × ${height}`}</Fact>
      {start && (
        <Fact name={words.start}>
          {words.startPicture(Math.round(100 * start.strength), start.maskBlur !== undefined)}
          <KeptStart id={id} width={width} height={height} />
        </Fact>
      )}
      <Fact name={words.adapters}>{used || words.noAdapters}</Fact>
      <Fact name={words.model}>{settings.model}</Fact>
      <Fact name={words.savedAt}>{dateTime(savedAt)}</Fact>
    </dl>
  );
}

interface KeptStartProps {
  id: string;
  width: number;
  height: number;
}

/** The picture that this one was drawn on, if it is kept with it. */
function KeptStart(props: KeptStartProps) {
  const [isKept, setIsKept] = useState(false);
  useEffect(() => {
    readStart(props.id).then(
      (kept) => setIsKept(kept !== undefined),
      () => setIsKept(false),
    );
  }, []);
  return isKept ? (
    <span class="kept-start">
      <StoredImage {...props} read={readStartPicture} label={words.keptStart} />
    </span>
  ) : null;
}

const readStartPicture = async (id: string) => (await readStart(id))?.picture;

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
