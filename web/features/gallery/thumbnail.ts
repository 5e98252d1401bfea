/** Small copies of pictures, so that a grid of hundreds decodes quickly. */
import type { Picture } from "../../engine/contract/generation";
import { toCanvas } from "../../ui/picture-view";

const MAX_SIDE = 256;

/** Thumbnail, never larger than the picture. Browsers without WebP write PNG, as the blob's type tells. */
export async function thumbnailOf(picture: Picture): Promise<Blob> {
  const scale = Math.min(1, MAX_SIDE / Math.max(picture.width, picture.height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const canvas = new OffscreenCanvas(side(picture.width), side(picture.height));
  const context = canvas.getContext("2d");
  if (context) {
    context.imageSmoothingQuality = "high";
    context.drawImage(toCanvas(picture), 0, 0, canvas.width, canvas.height);
  }
  return canvas.convertToBlob({ type: "image/webp", quality: 0.9 });
}
