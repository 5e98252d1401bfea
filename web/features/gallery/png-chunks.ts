/**
 * A PNG as its chunks (PNG specification, third edition, §5): length, type, data, and a CRC-32 of type and data.
 * Reading copies nothing and checks every length.
 */

export interface Chunk {
  type: string;
  data: Uint8Array<ArrayBuffer>;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bytes of a chunk's length, type and CRC. */
const FRAME_BYTES = 12;
/** The header chunk always comes first and has 13 bytes (§11.2.1). */
const HEADER_END = SIGNATURE.length + FRAME_BYTES + 13;

function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, at) => bytes[at] === byte);
}

/**
 * The chunks of the wanted types, in order, up to the end chunk. `undefined` where the file isn't a whole PNG: a
 * length that points past its end, or no end chunk. A chunk whose CRC is wrong is left out.
 */
export function readChunks(bytes: Uint8Array<ArrayBuffer>, types: readonly string[]): Chunk[] | undefined {
  if (!isPng(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  let at = SIGNATURE.length;
  while (at + FRAME_BYTES <= bytes.length) {
    const length = view.getUint32(at);
    const end = at + FRAME_BYTES + length;
    if (end > bytes.length) return undefined;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IEND") return chunks;
    if (types.includes(type) && view.getUint32(end - 4) === crc32(bytes.subarray(at + 4, end - 4))) {
      chunks.push({ type, data: bytes.subarray(at + 8, end - 4) });
    }
    at = end;
  }
  return undefined;
}

/** The PNG with the chunks inserted right after its header. */
export function addChunks(png: Uint8Array<ArrayBuffer>, chunks: Chunk[]): Blob {
  return new Blob([png.subarray(0, HEADER_END), ...chunks.map(framed), png.subarray(HEADER_END)], {
    type: "image/png",
  });
}

function framed({ type, data }: Chunk): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** Remainders of all bytes by the reversed polynomial 0xEDB88320 (§D). */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  }
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) remainder = (CRC_TABLE[(remainder ^ byte) & 0xff] ?? 0) ^ (remainder >>> 8);
  return (remainder ^ 0xffffffff) >>> 0;
}
