/**
 * Deleting, and taking it back. Pictures leave the browser's storage at once; for some seconds the page alone still
 * holds them, so that Undo can write them again. A tab closed in between has deleted them for good.
 */
import { signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { text } from "../../app/text";
import { toFault } from "../../engine/fault";
import * as gallery from "./gallery";
import * as store from "./store";

const words = text.gallery;

export const UNDO_SECONDS = 10;

/** What Undo would bring back. */
export const undoable = signal<readonly store.KeptPicture[]>([]);

let timer: ReturnType<typeof setTimeout> | undefined;

export async function deletePictures(entries: readonly gallery.Entry[]): Promise<void> {
  await gallery.attempt(async () => {
    const ids = entries.map(({ id }) => id);
    const kept = await Promise.all(entries.map(read));
    await store.remove(ids);
    gallery.hide(ids);
    gallery.select(ids, false);
    undoable.value = kept.filter((one) => one !== undefined);
    startTimer();
    announce(words.deleted(entries.length));
  });
}

/** `undefined` for a picture that isn't whole any more: it can only be deleted. */
async function read(entry: gallery.Entry): Promise<store.KeptPicture | undefined> {
  const [picture, thumbnail, start] = await Promise.all([
    store.readPicture(entry.id),
    store.readThumbnail(entry.id),
    store.readStart(entry.id),
  ]);
  return picture && thumbnail && { entry, picture, thumbnail, start };
}

export async function undo(): Promise<void> {
  const kept = undoable.value;
  forget();
  try {
    await store.put(kept);
    gallery.show(kept.map(({ entry }) => entry));
    announce(words.restored(kept.length));
  } catch (error) {
    gallery.fault.value = { kind: "Storage", message: `${words.problems.notBack} ${toFault(error).message}` };
    // Nothing is lost yet: it can be tried again.
    undoable.value = kept;
    startTimer();
  }
}

/** The time stands still while somebody is at the button. */
export function holdTimer(): void {
  clearTimeout(timer);
}

export function startTimer(): void {
  clearTimeout(timer);
  timer = setTimeout(forget, UNDO_SECONDS * 1000);
}

function forget(): void {
  clearTimeout(timer);
  undoable.value = [];
}
