/**
 * Format of a word's region in a picture's settings: 64 × 64 bits, row by row, eight per byte, in base64. No
 * cross-attention of Stable Diffusion at 512 × 512 has a finer resolution.
 */
export const REGION_SIDE = 64;
const BYTES = (REGION_SIDE * REGION_SIDE) / 8;

/** Writes a region as base64; `values` has a byte per place, white inside. */
export function encodeRegion(values: Uint8Array): string {
  const bytes = new Uint8Array(BYTES);
  for (const [place, value] of values.entries()) {
    if (value >= 128) bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (0x80 >> (place & 7));
  }
  return btoa(String.fromCharCode(...bytes));
}

/** Reads a region; `undefined` for anything but a region. */
export function decodeRegion(base64: string): Uint8Array | undefined {
  const bytes = bytesOf(base64);
  if (bytes?.length !== BYTES) return undefined;
  return Uint8Array.from({ length: REGION_SIDE * REGION_SIDE }, (_, place) =>
    (bytes[place >> 3] ?? 0) & (0x80 >> (place & 7)) ? 255 : 0,
  );
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
