/** One of the Gallery's pictures as the one to start from. */
import { text } from "../../app/text";
import { readPicture } from "../gallery/store";
import { startFrom } from "./start-picture";

/** False where it can't be read. */
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
