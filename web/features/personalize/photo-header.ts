/**
 * Tells the format and size of a picture by the file's first bytes, before any decoder reads it, so that a
 * file that isn't a picture or would need gigabytes is refused with a sentence.
 */
import { readHeifSize } from "./heif-header";

export interface PhotoHeader {
  format: "jpeg" | "png" | "webp" | "heif";
  width: number;
  height: number;
}

/** Reads a picture's header; `undefined` for anything but a whole header of one of the four formats. */
export function readPhotoHeader(bytes: Uint8Array): PhotoHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return readPng(view) ?? readJpeg(view) ?? readWebp(view) ?? readHeif(view);
  } catch (error) {
    // Reading past the end: the header is cut off.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Signature, then the IHDR chunk with both sides as big-endian words (PNG specification §11.2.1). */
function readPng(view: DataView): PhotoHeader | undefined {
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return undefined;
  if (ascii(view, 12, 4) !== "IHDR") return undefined;
  return { format: "png", width: view.getUint32(16), height: view.getUint32(20) };
}

/** Walks the segments to the start-of-frame, which holds height and width (ITU T.81 §B.2.2). */
function readJpeg(view: DataView): PhotoHeader | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined;
  let at = 2;
  for (;;) {
    while (view.getUint8(at) !== 0xff) at++;
    const marker = view.getUint8(at + 1);
    if (isStartOfFrame(marker)) {
      return { format: "jpeg", height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    const standsAlone = marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9);
    at += standsAlone ? (marker === 0xff ? 1 : 2) : 2 + view.getUint16(at + 2);
  }
}

/** SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC), which share their range. */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** RIFF container with one of three first chunks (WebP container specification). */
function readWebp(view: DataView): PhotoHeader | undefined {
  if (ascii(view, 0, 4) !== "RIFF" || ascii(view, 8, 4) !== "WEBP") return undefined;
  const size = (width: number, height: number): PhotoHeader => ({ format: "webp", width, height });
  switch (ascii(view, 12, 4)) {
    case "VP8 ":
      return size(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    case "VP8X":
      return size(uint24(view, 24) + 1, uint24(view, 27) + 1);
    default:
      return undefined;
  }
}

function readHeif(view: DataView): PhotoHeader | undefined {
  const size = readHeifSize(view);
  return size && { format: "heif", ...size };
}

const uint24 = (view: DataView, at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);

function ascii(view: DataView, at: number, length: number): string {
  return String.fromCharCode(...Array.from({ length }, (_, index) => view.getUint8(at + index)));
}
