/** Small pictures of adapters as they go with files: JPEG, 256 × 256 by ModelSpec's advice. */
import { readPhotoHeader } from "../personalize/photo-header";
import { thumbnailOf } from "./safetensors-metadata";

const SIDE = 256;
/** Most pixels that a picture in a foreign file may have. */
const MAX_PIXELS = 4_000_000;

/** JPEG of the middle square of a picture. */
export async function toJpeg(picture: OffscreenCanvas | ImageBitmap): Promise<Uint8Array> {
  const square = Math.min(picture.width, picture.height);
  const side = Math.min(SIDE, square);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d");
  if (context) {
    context.fillStyle = "white";
    context.fillRect(0, 0, side, side);
    context.imageSmoothingQuality = "high";
    const [left, top] = [(picture.width - square) / 2, (picture.height - square) / 2];
    context.drawImage(picture, left, top, square, square, 0, 0, side, side);
  }
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  return new Uint8Array(await blob.arrayBuffer());
}

/** The picture that a file brings, drawn anew: nothing of a foreign file is shown as it came. */
export async function importedThumbnail(file: Uint8Array): Promise<Uint8Array | undefined> {
  const bytes = thumbnailOf(file);
  return bytes && redrawnThumbnail(bytes);
}

/** Redraws a foreign file's picture as our thumbnail; `undefined` if too large, damaged or no picture. */
export async function redrawnThumbnail(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const header = readPhotoHeader(bytes);
  if (!header || header.width * header.height > MAX_PIXELS) return undefined;
  try {
    const bitmap = await createImageBitmap(new Blob([bytes as BlobPart]));
    return await toJpeg(bitmap).finally(() => bitmap.close());
  } catch {
    // Damaged; the adapter works without a picture too.
    return undefined;
  }
}
