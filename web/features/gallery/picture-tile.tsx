/** One picture in the grid: opens it, marks it as a favourite, selects it. */
import { addressOf } from "../../app/navigation";
import { text } from "../../app/text";
import { Icon } from "../../ui/icon";
import * as gallery from "./gallery";
import { readThumbnail } from "./store";
import { StoredImage } from "./stored-image";

const words = text.gallery;

export function PictureTile({ entry }: { entry: gallery.Entry }) {
  const { id, favourite, settings } = entry;
  const { prompt, width, height } = settings;
  const selected = gallery.selected.value.some((other) => other.id === id);
  return (
    <li class={`picture-tile${selected ? " selected" : ""}`}>
      <a href={addressOf("gallery", id)} title={prompt}>
        <StoredImage {...{ id, width, height }} read={readThumbnail} label={words.label(prompt)} />
        <span aria-hidden="true">{prompt}</span>
      </a>
      <input
        type="checkbox"
        aria-label={words.select(prompt)}
        checked={selected}
        onChange={(event) => gallery.select([id], event.currentTarget.checked)}
      />
      <button
        type="button"
        class="icon-button star"
        aria-pressed={favourite}
        aria-label={words.favourite(prompt)}
        title={words.favouriteMark}
        onClick={() => gallery.toggleFavourite(entry)}
      >
        <Icon name="star" />
      </button>
    </li>
  );
}
