/**
 * The start of a picture: the picture that it was drawn on, cut as it went to the engine, and a mask of the
 * repainted part. The Gallery keeps both as PNGs, which restore every bit, so that the same picture can be
 * drawn again. The start may be the visitor's photo, so it goes into no file that leaves the browser.
 */
import type { SourcePicture } from "../../engine/contract/generation";
import { toPng } from "../../ui/picture-view";

export interface KeptStart {
  picture: Blob;
  /** Opaque where the picture was repainted; missing if all of it was. */
  mask?: Blob;
}

export async function keptStart({ width, height, rgba, mask }: SourcePicture): Promise<KeptStart> {
  const picture = await toPng({ width, height, rgba });
  if (!mask) return { picture };
  return { picture, mask: await toPng({ width, height, rgba: asOpacity(mask) }) };
}

/** Black pixels with the mask as opacity: a canvas keeps the opacity of no other colour exactly. */
function asOpacity(mask: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(4 * mask.length);
  for (const [pixel, opacity] of mask.entries()) rgba[4 * pixel + 3] = opacity;
  return rgba;
}

export const bytesOf = ({ picture, mask }: KeptStart) => picture.size + (mask?.size ?? 0);

/** The stored start, or `undefined` for anything else. */
export function checkedStart(value: unknown): KeptStart | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { picture, mask } = value as Partial<Record<keyof KeptStart, unknown>>;
  if (!(picture instanceof Blob)) return undefined;
  if (mask === undefined) return { picture };
  return mask instanceof Blob ? { picture, mask } : undefined;
}
