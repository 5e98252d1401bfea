/** Actions for the selected pictures; floats over the grid while there are any. */
import { text } from "../../app/text";
import { Icon } from "../../ui/icon";
import { deletePictures } from "./deletion";
import { exportZip } from "./export";
import * as gallery from "./gallery";

const words = text.gallery;

export function SelectionBar() {
  const selected = gallery.selected.value;
  const found = gallery.found.value;
  if (selected.length === 0) return null;
  const remove = async () => {
    const place = found.findIndex(({ id }) => id === selected[0]?.id);
    await deletePictures(selected);
    // The button that had the focus is gone.
    requestAnimationFrame(() => focusTile(place));
  };
  return (
    <section class="floating-bar selection" aria-label={words.selection}>
      <strong role="status">{words.selected(selected.length)}</strong>
      <button
        type="button"
        class="icon-button"
        aria-label={words.clear}
        title={words.clear}
        onClick={gallery.clearSelection}
      >
        <Icon name="close" />
      </button>
      <div class="actions">
        {selected.length < found.length && (
          <button
            type="button"
            class="button quiet"
            onClick={() =>
              gallery.select(
                found.map(({ id }) => id),
                true,
              )
            }
          >
            {words.selectAll}
          </button>
        )}
        <button
          type="button"
          class="button primary"
          onClick={() => gallery.attempt(() => exportZip(selected))}
        >
          <Icon name="download" />
          {words.export}
        </button>
        <button type="button" class="button danger" onClick={remove}>
          <Icon name="trash" />
          {words.delete}
        </button>
      </div>
    </section>
  );
}

/** Focuses the tile that is in this place now, else the last tile, else the screen if no tile is left. */
function focusTile(place: number): void {
  const tiles = document.querySelectorAll<HTMLElement>(".picture-tile a");
  const target = tiles[Math.min(place, tiles.length - 1)] ?? document.getElementById("content");
  target?.focus({ preventScroll: true });
}
