import { describe, expect, test } from "vitest";
import { pointsAlong, withAlpha } from "../../web/features/personalize/mask";
import { readPhotoHeader } from "../../web/features/personalize/photo-header";
import { centredSquare, fitCrop } from "../../web/features/personalize/photos";

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
