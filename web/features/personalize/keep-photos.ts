/** Keeps photos, only if the visitor wants: with the adapter, under the training's id from its start on. */
import { signal } from "@preact/signals";
import { library } from "../adapters/library";
import { putPhotos, removePhotosWithoutAdapter } from "../adapters/store";
import { cropToJpeg } from "./photos";
import { photos } from "./subjects";

export const keepsPhotos = signal(false);
/** Whether the photos of the last training could not be kept. */
export const notKept = signal(false);

/** Keeps the photos as they are cropped now. A failure doesn't stop the training from starting. */
export async function keepPhotos(training: string): Promise<void> {
  notKept.value = false;
  if (!keepsPhotos.value) return;
  try {
    const jpegs: Uint8Array[] = [];
    // One by one, so that the page can respond in between.
    for (const photo of photos.value) jpegs.push(await cropToJpeg(photo));
    await putPhotos(training, jpegs);
  } catch {
    notKept.value = true;
  }
}

/** Deletes the photos of the trainings that `isGone` picks, unless they became an adapter, stored or not. */
export async function dropPhotos(isGone: (training: string) => boolean): Promise<void> {
  const isAtHand = (training: string) => library.value.some(({ key }) => key === training);
  // If nothing can be deleted, nothing could be kept either.
  await removePhotosWithoutAdapter((training) => isGone(training) && !isAtHand(training)).catch(
    () => undefined,
  );
}
