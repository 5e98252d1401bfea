import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { pointsAlong, withAlpha } from "../../web/features/personalize/mask";
import { readPhotoHeader } from "../../web/features/personalize/photo-header";
import { centredSquare, fitCrop, readPhoto } from "../../web/features/personalize/photos";

const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(
    parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part, "latin1")] : part)),
  );

const png = bytes(
  [0x89],
  "PNG\r\n",
  [0x1a, 0x0a],
  [0, 0, 0, 13],
  "IHDR",
  [0, 0, 0x27, 0x11],
  [0, 0, 0x27, 0x10],
);

test("PNG: both sides from IHDR", () => {
  expect(readPhotoHeader(png)).toEqual({ format: "png", width: 10001, height: 10000 });
});

test("JPEG: walks past metadata and tables to the frame", () => {
  const jpeg = bytes(
    [0xff, 0xd8],
    [0xff, 0xe1, 0x00, 0x06],
    "Exif",
    [0xff, 0xc4, 0x00, 0x03, 0x00],
    [0xff, 0xff, 0xc2, 0x00, 0x11, 0x08, 0x02, 0x58, 0x03, 0x20],
  );
  expect(readPhotoHeader(jpeg)).toEqual({ format: "jpeg", width: 800, height: 600 });
});

test.each([
  ["VP8 ", [0, 0, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01]],
  ["VP8L", [0, 0, 0, 0, 0x2f, 0x7f, 0xc2, 0x77, 0x00]],
  ["VP8X", [0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0x02, 0x00, 0xdf, 0x01, 0x00]],
])("WebP with a %s chunk", (chunk, data) => {
  expect(readPhotoHeader(bytes("RIFF", [0, 0, 0, 0], "WEBP", chunk, data))).toEqual({
    format: "webp",
    width: 640,
    height: 480,
  });
});

describe("HEIC", () => {
  const box = (type: string, ...content: (string | number[])[]) => {
    const body = [...bytes(...content)];
    return [0, 0, (body.length + 8) >> 8, (body.length + 8) & 255, ...bytes(type), ...body];
  };
  const ispe = (width: number, height: number) =>
    box("ispe", [0, 0, 0, 0], [0, 0, width >> 8, width & 255], [0, 0, height >> 8, height & 255]);
  const file = (brand: string, ...properties: number[][]) =>
    bytes(
      box("ftyp", brand, [0, 0, 0, 0], "mif1"),
      // As long as its 64 bits say.
      [0, 0, 0, 1, ...bytes("free"), 0, 0, 0, 0, 0, 0, 0, 18, 9, 9],
      box("meta", [0, 0, 0, 0], box("hdlr", "pict"), box("iprp", box("ipco", ...properties))),
    );

  test("the largest size counts, not a tile's or a thumbnail's", () => {
    const header = readPhotoHeader(file("heic", ispe(512, 512), ispe(4032, 3024), ispe(320, 240)));
    expect(header).toEqual({ format: "heif", width: 4032, height: 3024 });
  });

  test("what a phone's encoder wrote", () => {
    const phone = fs.readFileSync(path.join(import.meta.dirname, "photos/lying-with-rotation.heic"));
    expect(readPhotoHeader(phone)).toEqual({ format: "heif", width: 128, height: 64 });
  });

  test("a film, a box smaller than its head, and a file without a size are none", () => {
    expect(readPhotoHeader(bytes(box("ftyp", "isom", [0, 0, 0, 0], "mp42")))).toBeUndefined();
    expect(readPhotoHeader(bytes(box("ftyp", "heic", [0, 0, 0, 0]), [0, 0, 0, 4], "meta"))).toBeUndefined();
    expect(readPhotoHeader(file("heic"))).toBeUndefined();
  });

  test("no file keeps the reader busy: any byte may be any other", () => {
    const phone = new Uint8Array(file("heic", ispe(64, 64)));
    for (let at = 0; at < phone.length; at++) {
      for (const value of [0, 1, 255]) {
        expect(() => readPhotoHeader(phone.with(at, value))).not.toThrow();
      }
    }
  });
});

test("a file too large for a photo is not even read", async () => {
  const huge = { size: 100_000_001 } as Blob;
  await expect(readPhoto(huge, "film.heic")).rejects.toThrow("“film.heic” is larger than 100 MB");
});

test("a file that can't be read is named", async () => {
  const gone = () => Promise.reject(new DOMException("gone", "NotReadableError"));
  const folder = { size: 96, slice: () => ({ arrayBuffer: gone }) } as unknown as Blob;
  await expect(readPhoto(folder, "holiday")).rejects.toThrow("“holiday” can't be read");
});

test("anything else, and headers cut off, are no photos", () => {
  expect(readPhotoHeader(bytes("hello, this is a text file"))).toBeUndefined();
  expect(readPhotoHeader(bytes("GIF89a", [1, 0, 1, 0]))).toBeUndefined();
  expect(readPhotoHeader(png.slice(0, 20))).toBeUndefined();
  expect(readPhotoHeader(bytes([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff]))).toBeUndefined();
  expect(readPhotoHeader(new Uint8Array())).toBeUndefined();
});

test("crops are squares within the photo", () => {
  expect(centredSquare(300, 200)).toEqual({ left: 50, top: 0, size: 200 });
  expect(fitCrop({ left: -10, top: 150, size: 120 }, 300, 200)).toEqual({ left: 0, top: 80, size: 120 });
  expect(fitCrop({ left: 0, top: 0, size: 999 }, 300, 200)).toEqual({ left: 0, top: 0, size: 200 });
  expect(fitCrop({ left: 10.4, top: 10.6, size: 3 }, 300, 200)).toEqual({ left: 10, top: 11, size: 32 });
});

describe("marks on a photo", () => {
  const rgba = Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255);

  test("become its alpha, and leave its colours", () => {
    const mask = Uint8ClampedArray.of(0, 0, 0, 255, 0, 0, 0, 0);
    expect([...withAlpha(rgba, mask)]).toEqual([1, 2, 3, 255, 4, 5, 6, 0]);
  });

  test("that are none leave it whole", () => {
    expect(withAlpha(rgba, new Uint8ClampedArray(8))).toEqual(rgba);
  });

  test("follow a quick stroke without gaps", () => {
    const points = pointsAlong({ x: 0, y: 0 }, { x: 30, y: 40 }, 10);
    expect([points[0], points.at(-1)]).toEqual([
      { x: 0, y: 0 },
      { x: 30, y: 40 },
    ]);
    for (const [at, point] of points.slice(1).entries()) {
      const before = points[at] ?? point;
      expect(Math.hypot(point.x - before.x, point.y - before.y)).toBeLessThanOrEqual(10);
    }
  });
});
