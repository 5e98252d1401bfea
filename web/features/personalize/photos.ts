/** Photos of the subject: read from files, cropped to squares, handed to the engine as pixels. */
import { shownFileName } from "../../app/file-name";
import { text } from "../../app/text";
import type { Photo } from "../../engine/contract/training";
import { decodeHeif, HeifProblem } from "./heif";
import { type Mask, withAlpha } from "./mask";
import { type PhotoHeader, readPhotoHeader } from "./photo-header";

/** Square crop, in pixels of the oriented photo. */
export interface Crop {
  left: number;
  top: number;
  size: number;
}

export interface SubjectPhoto {
  id: string;
  name: string;
  bitmap: ImageBitmap;
  crop: Crop;
  /** What the photo shows, in the visitor's words; if empty, the sentence for all photos is used. */
  caption: string;
  /** Marks of the subject; `undefined` if nothing was marked. */
  mask: Mask | undefined;
}

/** The visitor's choices for a photo in its dialog. */
export type PhotoChoice = Pick<SubjectPhoto, "crop" | "caption" | "mask">;

/** File types that a picker offers; HEIC also by its endings, since many systems know no type for it. */
export const PHOTO_TYPES = "image/jpeg,image/png,image/webp,image/avif,image/heic,image/heif,.heic,.heif";

export const MAX_PHOTOS = 10;
const MAX_PIXELS = 100_000_000;
/** Above the largest photos of phones; decoders other than the browser's hold such a photo several times. */
const MAX_HEIF_PIXELS = 50_000_000;
const MAX_BYTES = 100_000_000;
/** Photos are scaled down to this longer side: far above what the models see, far below what fills a phone. */
const MAX_SIDE = 1536;
/** Bytes read to find a photo's size: in a JPEG, metadata may precede it, of less than a few megabytes. */
const HEADER_BYTES = 4 * 1024 * 1024;
export const MIN_CROP = 32;
/** JPEG quality of kept photos, at which no loss is visible. */
const JPEG_QUALITY = 0.92;

/** A file that can't be used; the message is a sentence for the visitor. */
export class PhotoProblem extends Error {}

let nextId = 1;

export async function readPhoto(file: Blob, fileName: string): Promise<SubjectPhoto> {
  const name = shownFileName(fileName);
  if (file.size > MAX_BYTES) throw new PhotoProblem(text.photos.tooManyBytes(name, MAX_BYTES / 1e6));
  const beginning = await file
    .slice(0, HEADER_BYTES)
    .arrayBuffer()
    .catch(() => {
      throw new PhotoProblem(text.photos.unreadable(name));
    });
  const header = readPhotoHeader(new Uint8Array(beginning));
  if (!header) throw new PhotoProblem(text.photos.notAnImage(name));
  const mostPixels = header.format === "heif" ? MAX_HEIF_PIXELS : MAX_PIXELS;
  if (header.width * header.height > mostPixels) {
    throw new PhotoProblem(text.photos.tooLarge(name, mostPixels / 1e6));
  }
  const bitmap = await decode(file, name, header.format);
  if (Math.min(bitmap.width, bitmap.height) < MIN_CROP) {
    bitmap.close();
    throw new PhotoProblem(text.photos.tooSmall(name, MIN_CROP));
  }
  const crop = centredSquare(bitmap.width, bitmap.height);
  return { id: `photo-${nextId++}`, name, bitmap, crop, caption: "", mask: undefined };
}

async function decode(file: Blob, name: string, format: PhotoHeader["format"]): Promise<ImageBitmap> {
  return createImageBitmap(file, { imageOrientation: "from-image" })
    .catch((error) => {
      if (format !== "heif") throw error;
      return decodeHeif(file, MAX_HEIF_PIXELS);
    })
    .then(scaledDown)
    .catch((error) => {
      const noDecoder = error instanceof HeifProblem && error.problem === "noDecoder";
      throw new PhotoProblem(noDecoder ? text.photos.noHeifDecoder(name) : text.photos.broken(name));
    });
}

/** A panorama stays larger, so that its shorter side can still be cropped. */
async function scaledDown(full: ImageBitmap): Promise<ImageBitmap> {
  const { width, height } = full;
  const scale = Math.max(MAX_SIDE / Math.max(width, height), MIN_CROP / Math.min(width, height));
  if (scale >= 1) return full;
  const resizeWidth = Math.round(width * scale);
  const resizeHeight = Math.round(height * scale);
  return createImageBitmap(full, { resizeWidth, resizeHeight, resizeQuality: "high" }).finally(() =>
    full.close(),
  );
}

export function centredSquare(width: number, height: number): Crop {
  const size = Math.min(width, height);
  return { left: Math.floor((width - size) / 2), top: Math.floor((height - size) / 2), size };
}

/** The nearest crop that lies within the photo, in whole pixels. */
export function fitCrop(crop: Crop, width: number, height: number): Crop {
  const size = Math.round(Math.min(Math.max(crop.size, MIN_CROP), width, height));
  const within = (value: number, most: number) => Math.round(Math.min(Math.max(value, 0), most));
  return { left: within(crop.left, width - size), top: within(crop.top, height - size), size };
}

/** Pixels of the crop, unscaled: the engine scales them. Transparency becomes white; marks become alpha. */
export function toPixels({ bitmap, crop, mask }: SubjectPhoto): Photo {
  const { data } = drawCrop(bitmap, crop).getImageData(0, 0, crop.size, crop.size);
  const rgba = new Uint8Array(data.buffer);
  const alpha = mask?.getContext("2d")?.getImageData(crop.left, crop.top, crop.size, crop.size).data;
  return { width: crop.size, height: crop.size, rgba: alpha ? withAlpha(rgba, alpha) : rgba };
}

function drawCrop(bitmap: ImageBitmap, { left, top, size }: Crop): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
  if (!context) throw new PhotoProblem(text.photos.noCanvas);
  whiten(context);
  context.drawImage(bitmap, -left, -top);
  return context;
}

/** Covers what was drawn before, which would show through a photo with transparent parts: they become white. */
export function whiten(context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D): void {
  context.fillStyle = "white";
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}

/** The crop as a JPEG that holds nothing but its pixels: no metadata of the photo's own file. */
export async function cropToJpeg({ bitmap, crop }: SubjectPhoto): Promise<Uint8Array> {
  const { canvas } = drawCrop(bitmap, crop);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
  return new Uint8Array(await blob.arrayBuffer());
}

/** Draws the middle square of a foreign file's picture anew; `undefined` for no usable picture. */
export async function redrawn(file: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const photo = await readPhoto(new Blob([file as BlobPart]), "");
    const jpeg = await cropToJpeg(photo);
    photo.bitmap.close();
    return jpeg;
  } catch (error) {
    if (error instanceof PhotoProblem) return undefined;
    throw error;
  }
}
