/** Starts from a picture of the Gallery, or from the picture that one of them was itself drawn on. */
import { text } from "../../app/text";
import { readPicture, readStart } from "../gallery/store";
import { emptyMask } from "../personalize/mask";
import { fit, mask, startFrom } from "./start-picture";

/** Starts from a picture of the Gallery; false if it can't be read. */
export async function startFromGallery(id: string): Promise<boolean> {
  try {
    const file = await readPicture(id);
    if (!file) return false;
    const bitmap = await createImageBitmap(file);
    startFrom({ name: text.generate.galleryPicture, bitmap, galleryId: id });
    return true;
  } catch {
    // Deleted or damaged: the caller says so.
    return false;
  }
}

/**
 * Starts from the start kept with a picture of the Gallery, with its mask. If that start was itself a picture
 * of the Gallery, `galleryId` is its id. False if no start is kept or it can't be read.
 */
export async function startFromKept(id: string, galleryId: string | undefined): Promise<boolean> {
  try {
    const kept = await readStart(id);
    if (!kept) return false;
    const [bitmap, marks] = await Promise.all([
      createImageBitmap(kept.picture),
      kept.mask && createImageBitmap(kept.mask),
    ]);
    startFrom({ name: text.generate.keptStart, bitmap, galleryId });
    // It has been cut already.
    fit.value = "cut";
    if (marks) {
      const painted = emptyMask(marks.width, marks.height);
      painted.getContext("2d")?.drawImage(marks, 0, 0);
      marks.close();
      mask.value = painted;
    }
    return true;
  } catch {
    // Damaged: the caller says so.
    return false;
  }
}
