/** What can be done with the selected pictures; floats over the grid while there are any. */
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
        <button type="button" class="button danger" onClick={() => deletePictures(selected)}>
          <Icon name="trash" />
          {words.delete}
        </button>
      </div>
    </section>
  );
}
