/** Suggests the square around a photo's subject: by the visitor's marks, faces, transparency, or what stands out. */
import { hasMarks, type Mask } from "./mask";
import { type Crop, fitCrop } from "./photos";
import { type Pixels, saliency } from "./saliency";
import { type Suggestion, squareAround } from "./subject-square";

export interface SuggestedCrop {
  crop: Crop;
  /** If false, the crop is a guess, which the visitor should check. */
  sure: boolean;
}

/** Longer side of the small picture that is searched: enough to find a thing, and done in a few milliseconds. */
const SIDE = 96;
/** Class nouns of subjects that are found by their faces. */
const PEOPLE = /^(person|people|man|woman|boy|girl|child|kid|baby|toddler|face|portrait)$/i;
/** Size of a square with head and shoulders, as a multiple of the face's size. */
const AROUND_FACE = 2.2;
/** Share of transparent pixels above which a picture counts as a cut-out. */
const CUT_OUT = 0.02;

/** Suggests a crop; `undefined` if nothing stands out. */
export async function suggestCrop(
  bitmap: ImageBitmap,
  mask: Mask,
  classNoun: string,
): Promise<SuggestedCrop | undefined> {
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const found =
    (hasMarks(mask) ? byMarks(shrunk(mask, scale)) : undefined) ??
    (await aroundFaces(bitmap, classNoun, scale)) ??
    inPicture(shrunk(bitmap, scale));
  return found && { crop: cropOf(found, scale, bitmap), sure: found.sure };
}

function shrunk(source: ImageBitmap | OffscreenCanvas, scale: number): Pixels {
  const width = Math.max(1, Math.round(source.width * scale));
  const height = Math.max(1, Math.round(source.height * scale));
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) return { width: 0, height: 0, data: new Uint8ClampedArray() };
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** Opacity of each pixel, from 0 to 1. */
const alphaMap = ({ width, height, data }: Pixels) =>
  Float32Array.from({ length: width * height }, (_, at) => (data[4 * at + 3] ?? 0) / 255);

/** Square in a map that somebody made on purpose: it is sure, however small or large the marked part is. */
function trusted(map: Float32Array, width: number): Suggestion | undefined {
  const found = squareAround(map, width);
  return found && { ...found, sure: true };
}

const byMarks = (marks: Pixels) => trusted(alphaMap(marks), marks.width);

export function inPicture(pixels: Pixels): Suggestion | undefined {
  const alpha = alphaMap(pixels);
  const transparent = alpha.filter((value) => value < 0.5).length;
  if (transparent > CUT_OUT * alpha.length) return trusted(alpha, pixels.width);
  return squareAround(saliency(pixels), pixels.width);
}

interface FaceDetector {
  detect(picture: ImageBitmap): Promise<{ boundingBox: DOMRectReadOnly }[]>;
}

/** A crop around a person, in browsers that find faces by themselves. */
async function aroundFaces(
  bitmap: ImageBitmap,
  classNoun: string,
  scale: number,
): Promise<Suggestion | undefined> {
  const { FaceDetector } = globalThis as { FaceDetector?: new () => FaceDetector };
  if (!FaceDetector || !PEOPLE.test(classNoun.trim())) return undefined;
  try {
    const faces = await new FaceDetector().detect(bitmap);
    const [largest] = faces
      .map(({ boundingBox }) => boundingBox)
      .sort((one, other) => other.width * other.height - one.width * one.height);
    if (!largest) return undefined;
    const size = AROUND_FACE * Math.max(largest.width, largest.height);
    const left = largest.x + (largest.width - size) / 2;
    const top = largest.y + (largest.height - size) / 2;
    return { left: left * scale, top: top * scale, size: size * scale, sure: true };
  } catch {
    // The browser offers a detector, but some systems lack the service behind it.
    return undefined;
  }
}

/** Crop of the photo for a suggestion; it keeps about the same middle, even if it has to shrink to fit. */
export function cropOf(
  { left, top, size }: Suggestion,
  scale: number,
  { width, height }: { width: number; height: number },
): Crop {
  const fitting = Math.min(size / scale, width, height);
  return fitCrop(
    {
      left: (left + size / 2) / scale - fitting / 2,
      top: (top + size / 2) / scale - fitting / 2,
      size: fitting,
    },
    width,
    height,
  );
}
