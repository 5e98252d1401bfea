/**
 * Deleting pictures, and undoing it. Pictures leave the browser's storage at once; for some seconds the page
 * alone still holds them, so that they can be written back. If the tab is closed in between, they are deleted
 * for good.
 */
import { announce } from "../../app/announce";
import { text } from "../../app/text";
import { offerUndo } from "../../app/undo";
import { toFault } from "../../engine/fault";
import * as gallery from "./gallery";
import * as store from "./store";

const words = text.gallery;

export async function deletePictures(entries: readonly gallery.Entry[]): Promise<void> {
  await gallery.attempt(async () => {
    const ids = entries.map(({ id }) => id);
    const kept = await Promise.all(entries.map(read));
    await store.remove(ids);
    gallery.hide(ids);
    gallery.select(ids, false);
    const whole = kept.filter((one) => one !== undefined);
    if (whole.length > 0) offer(whole);
    else announce(words.deleted(ids.length));
  });
}

function offer(kept: readonly store.KeptPicture[]): void {
  offerUndo({ sentence: words.deleted(kept.length), bringBack: () => putBack(kept) });
}

/** Reads a picture with all that belongs to it; `undefined` if it isn't whole: it can only be deleted. */
async function read(entry: gallery.Entry): Promise<store.KeptPicture | undefined> {
  const [picture, thumbnail, start] = await Promise.all([
    store.readPicture(entry.id),
    store.readThumbnail(entry.id),
    store.readStart(entry.id),
  ]);
  return picture && thumbnail && { entry, picture, thumbnail, start };
}

async function putBack(kept: readonly store.KeptPicture[]): Promise<void> {
  try {
    await store.put(kept);
    gallery.show(kept.map(({ entry }) => entry));
    announce(words.restored(kept.length));
  } catch (error) {
    gallery.fault.value = { kind: "Storage", message: `${words.problems.notBack} ${toFault(error).message}` };
    // The pictures aren't lost yet: the undo can be tried again.
    offer(kept);
  }
}
