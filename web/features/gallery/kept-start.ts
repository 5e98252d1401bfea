/**
 * What a picture was drawn on, as the Gallery keeps it with the picture: cut as it went to the engine, and where it was
 * repainted. Both are PNGs, so that they come back to the bit and the same picture can be drawn again. It may be a
 * photo of the visitor's: it goes into no file that leaves the browser.
 */
import type { SourcePicture } from "../../engine/contract";
import { toPng } from "../../ui/picture-view";

export interface KeptStart {
  picture: Blob;
  /** Opaque where it was repainted; missing where all was. */
  mask?: Blob;
}

export async function keptStart({ width, height, rgba, mask }: SourcePicture): Promise<KeptStart> {
  const picture = await toPng({ width, height, rgba });
  if (!mask) return { picture };
  return { picture, mask: await toPng({ width, height, rgba: asOpacity(mask) }) };
}

/** Black pixels: no other colour keeps its opacity exactly on a canvas. */
function asOpacity(mask: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(4 * mask.length);
  for (const [pixel, opacity] of mask.entries()) rgba[4 * pixel + 3] = opacity;
  return rgba;
}

export const bytesOf = ({ picture, mask }: KeptStart) => picture.size + (mask?.size ?? 0);

/** As it was stored, or `undefined` for anything else. */
export function checkedStart(value: unknown): KeptStart | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { picture, mask } = value as Partial<Record<keyof KeptStart, unknown>>;
  if (!(picture instanceof Blob)) return undefined;
  if (mask === undefined) return { picture };
  return mask instanceof Blob ? { picture, mask } : undefined;
}
