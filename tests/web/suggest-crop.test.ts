import { describe, expect, test } from "vitest";
import type { Pixels } from "../../web/features/personalize/saliency";
import { cropOf, inPicture } from "../../web/features/personalize/suggest-crop";

const [WIDTH, HEIGHT] = [96, 64];

/** The same shades at every run. */
function shades(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

type Rgba = [red: number, green: number, blue: number, alpha?: number];

function picture(colour: (x: number, y: number) => Rgba): Pixels {
  const data = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const [red, green, blue, alpha = 255] = colour(x, y);
      data.set([red, green, blue, alpha], 4 * (y * WIDTH + x));
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}

/** A disc about (60, 30) with radius 14. */
const inDisc = (x: number, y: number) => Math.hypot(x - 60, y - 30) <= 14;

/** That the square is about the disc with some room, and isn't doubted. */
function expectDisc(pixels: Pixels) {
  const found = inPicture(pixels);
  expect(found?.sure).toBe(true);
  const { left = 0, top = 0, size = 0 } = found ?? {};
  expect(Math.abs(left + size / 2 - 60)).toBeLessThan(3);
  expect(Math.abs(top + size / 2 - 30)).toBeLessThan(3);
  expect(size).toBeGreaterThan(28);
  expect(size).toBeLessThan(42);
}

describe("the thing is found", () => {
  test("on a background that goes from dark to light", () => {
    expectDisc(picture((x, y) => (inDisc(x, y) ? [200, 60, 40] : [x, x + y, 80 + y])));
  });

  test("on a grainy floor under a plain wall", () => {
    const next = shades(7);
    expectDisc(
      picture((x, y) => {
        const grain = 30 * next();
        if (inDisc(x, y)) return [30 + grain, 40, 190];
        return y > 40 ? [120 + grain, 90 + grain, 60 + grain] : [225, 220, 210];
      }),
    );
  });

  test("with stripes of its own, some of them as the background", () => {
    expectDisc(
      picture((x, y) => {
        const striped = y % 6 < 4 || Math.hypot(x - 60, y - 30) > 12;
        return inDisc(x, y) && striped ? [20, 120, 60] : [235, 235, 230];
      }),
    );
  });

  test("by its transparency, whatever the colours", () => {
    expectDisc(picture((x, y) => (inDisc(x, y) ? [128, 128, 128] : [128, 128, 128, 0])));
  });
});

test("a pattern is doubted, and a plain picture has nothing to find", () => {
  const next = shades(3);
  const grain = picture(() => {
    const grey = 255 * next();
    return [grey, grey, grey];
  });
  expect(inPicture(grain)?.sure).toBe(false);
  const dots = picture((x, y) =>
    x % 16 > 4 && x % 16 < 12 && y % 16 > 4 && y % 16 < 12 ? [250, 0, 0] : [0, 0, 0],
  );
  expect(inPicture(dots)?.sure).toBe(false);
  expect(inPicture(picture(() => [90, 90, 90]))).toBeUndefined();
});

test("the square is laid into the photo about the same middle", () => {
  // Twice the small picture's size.
  const photo = { width: 192, height: 128 };
  expect(cropOf({ left: 40, top: 10, size: 40, sure: true }, 0.5, photo)).toEqual({
    left: 80,
    top: 20,
    size: 80,
  });
  expect(cropOf({ left: 10, top: -8, size: 80, sure: true }, 0.5, photo)).toEqual({
    left: 36,
    top: 0,
    size: 128,
  });
  expect(cropOf({ left: 80, top: 40, size: 30, sure: true }, 0.5, photo)).toEqual({
    left: 132,
    top: 68,
    size: 60,
  });
});
