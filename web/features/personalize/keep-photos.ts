/** Photos outlive the tab only where the visitor asks for it: with the adapter, under the training's id from its start on. */
import { signal } from "@preact/signals";
import { putPhotos, removePhotosWithoutAdapter } from "../adapters/store";
import { cropToJpeg } from "./photos";
import { photos } from "./subjects";

export const keepsPhotos = signal(false);
/** Whether those of the last training could not be kept. */
export const notKept = signal(false);

/** The photos as they are cut now; what keeps them from being kept keeps no training from its start. */
export async function keepPhotos(training: string): Promise<void> {
  notKept.value = false;
  if (!keepsPhotos.value) return;
  try {
    const jpegs: Uint8Array[] = [];
    // One by one: the page answers in between.
    for (const photo of photos.value) jpegs.push(await cropToJpeg(photo));
    await putPhotos(training, jpegs);
  } catch {
    notKept.value = true;
  }
}

/** Those of these trainings, as far as they became no adapter. */
export async function dropPhotos(isGone: (training: string) => boolean): Promise<void> {
  // Where nothing can be deleted, nothing could be kept.
  await removePhotosWithoutAdapter(isGone).catch(() => undefined);
}
