/** PNG files made by hand, independent of the page's own writer. */
import { crc32, deflateSync } from "node:zlib";

export interface RawChunk {
  type: string;
  data: Uint8Array;
  /** Written in place of the true length or sum. */
  length?: number;
  crc?: number;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export const latin1 = (text: string) => Buffer.from(text, "latin1");
export const utf8 = (text: string) => Buffer.from(text, "utf8");

function raw({ type, data, length = data.length, crc }: RawChunk): Buffer<ArrayBuffer> {
  const framed = Buffer.alloc(8 + data.length + 4);
  framed.writeUInt32BE(length, 0);
  framed.write(type, 4, "latin1");
  framed.set(data, 8);
  framed.writeUInt32BE(crc ?? crc32(framed.subarray(4, 8 + data.length)), 8 + data.length);
  return framed;
}

/** Eight bits a channel; `colour` 2 is RGB, 6 is RGBA. Chunks go between header and pixels. */
export function pngOf(
  { width, height }: { width: number; height: number },
  colour: 2 | 6,
  deflated: Uint8Array,
  ...chunks: RawChunk[]
): Blob {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colour, 0, 0, 0], 8);
  return new Blob([
    SIGNATURE,
    raw({ type: "IHDR", data: header }),
    ...chunks.map(raw),
    raw({ type: "IDAT", data: deflated }),
    raw({ type: "IEND", data: new Uint8Array() }),
  ]);
}

/** One red pixel. */
export const png = (...chunks: RawChunk[]): Blob =>
  pngOf({ width: 1, height: 1 }, 2, deflateSync(Uint8Array.of(0, 255, 0, 0)), ...chunks);

/** Types, data and sums of a PNG's chunks; throws where it isn't a whole one. */
export async function chunksOf(file: Blob): Promise<RawChunk[]> {
  const bytes = Buffer.from(await file.arrayBuffer());
  const chunks: RawChunk[] = [];
  for (let at = SIGNATURE.length; at < bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    const crc = bytes.readUInt32BE(end - 4);
    if (crc !== crc32(bytes.subarray(at + 4, end - 4))) throw new Error("wrong sum");
    chunks.push({ type: bytes.toString("latin1", at + 4, at + 8), data: bytes.subarray(at + 8, end - 4) });
    at = end;
  }
  return chunks;
}
