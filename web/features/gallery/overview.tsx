/** The grid of pictures, with search and selection; before there are any, it says what the Gallery is for. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { fileSize } from "../../app/format";
import { addressOf } from "../../app/navigation";
import { text } from "../../app/text";
import { Icon } from "../../ui/icon";
import * as gallery from "./gallery";
import { lastOpened } from "./picture-page";
import { PictureTile } from "./picture-tile";
import { SelectionBar } from "./selection-bar";

const words = text.gallery;
/** Number of tiles shown before the visitor asks for more; a multiple of the usual number of columns. */
const PAGE = 60;

interface OverviewProps {
  onFile: (file: File) => void;
}

export function Overview({ onFile }: OverviewProps) {
  const entries = gallery.entries.value;
  return (
    <>
      <div class="title-row">
        <h1>{words.title}</h1>
        <OpenButton onFile={onFile} />
      </div>
      <p class="lead">{words.lead}</p>
      {entries?.length === 0 && <EmptyGallery />}
      {entries && entries.length > 0 && <Finder />}
      {!entries && !gallery.fault.value && <p class="hint">{text.loading}</p>}
      {entries && entries.length > 0 && <Grid />}
      <SelectionBar />
      <Foot />
    </>
  );
}

function EmptyGallery() {
  return (
    <section class="card empty-gallery" aria-labelledby="empty-title">
      <h2 id="empty-title">{words.empty.title}</h2>
      <ul>
        {words.empty.steps.map(([icon, sentence]) => (
          <li key={icon}>
            <Icon name={icon} />
            <span>{sentence}</span>
          </li>
        ))}
      </ul>
      <a class="button primary" href={addressOf("generate")}>
        {words.empty.start}
      </a>
    </section>
  );
}

function Finder() {
  const searching = gallery.query.value.trim() !== "" || gallery.favouritesOnly.value;
  return (
    <search class="finder">
      <input
        type="search"
        aria-label={words.search}
        placeholder={words.searchHint}
        value={gallery.query.value}
        autocomplete="off"
        onInput={(event) => {
          gallery.query.value = event.currentTarget.value;
        }}
      />
      <button
        type="button"
        class="button star"
        aria-pressed={gallery.favouritesOnly.value}
        onClick={() => {
          gallery.favouritesOnly.value = !gallery.favouritesOnly.value;
        }}
      >
        <Icon name="star" />
        {words.favouritesOnly}
      </button>
      <p class="hint" role="status">
        {searching ? words.found(gallery.found.value.length) : ""}
      </p>
    </search>
  );
}

function Grid() {
  const found = gallery.found.value;
  const [most, setMost] = useState(() => {
    const place = found.findIndex(({ id }) => id === lastOpened.value);
    return PAGE * Math.ceil(Math.max(place + 1, 1) / PAGE);
  });
  const list = useRef<HTMLUListElement>(null);
  // After coming back from a picture, its tile gets the focus.
  useLayoutEffect(() => {
    const id = lastOpened.value;
    lastOpened.value = undefined;
    if (id) list.current?.querySelector<HTMLElement>(`a[href="${addressOf("gallery", id)}"]`)?.focus();
  }, []);
  if (found.length === 0) return <NothingFound />;
  return (
    <>
      <ul class="picture-grid" ref={list}>
        {found.slice(0, most).map((entry) => (
          <PictureTile key={entry.id} entry={entry} />
        ))}
      </ul>
      {found.length > most && (
        <button type="button" class="button" onClick={() => setMost(most + PAGE)}>
          {words.more(Math.min(PAGE, found.length - most))}
        </button>
      )}
    </>
  );
}

function NothingFound() {
  const showAll = () => {
    gallery.query.value = "";
    gallery.favouritesOnly.value = false;
  };
  return (
    <div class="card nothing-found">
      <p>{words.nothingFound}</p>
      <button type="button" class="button" onClick={showAll}>
        {words.showAll}
      </button>
    </div>
  );
}

function Foot() {
  const entries = gallery.entries.value ?? [];
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return (
    <section class="gallery-foot" aria-label={words.settings}>
      <label class="check">
        <input
          type="checkbox"
          checked={gallery.keepNew.value}
          onChange={(event) => gallery.setKeepNew(event.currentTarget.checked)}
        />
        {words.keep}
      </label>
      <p class="hint">
        {!gallery.keepNew.value && words.keepOff}
        {gallery.keepNew.value && entries.length > 0 && words.summary(entries.length, fileSize(bytes))}
      </p>
    </section>
  );
}

function OpenButton({ onFile }: OverviewProps) {
  return (
    <label class="button" title={words.openHint}>
      <Icon name="open" />
      {words.open}
      <input
        class="visually-hidden"
        type="file"
        accept="image/png"
        aria-description={words.openHint}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) onFile(file);
          // The same file may be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}
