import { expect, test } from "vitest";
import { shownFileName } from "../../web/app/file-name";
import { binarySize, duration, fileSize, megabytes, parameters, plainNumber } from "../../web/app/format";
import { germanGallery } from "../../web/app/german/gallery-text";
import { smoothed } from "../../web/features/personalize/smoothed";

test("settings as they were chosen, in either language", () => {
  expect([0.85, 7.5, 1, 0.1 + 0.2, 12_000].map(plainNumber)).toEqual(["0.85", "7.5", "1", "0.3", "12000"]);
  expect(germanGallery.picture.adapter("mein-hund", 0.85)).toBe("mein-hund mit 0,85");
});

test("a file's name turns no sentence round and fills no screen", () => {
  expect(shownFileName("\u202egnp.exe\u2066.png")).toBe("gnp.exe.png");
  expect(shownFileName("dog.png")).toBe("dog.png");
  const long = shownFileName(`${"🐕".repeat(300)}.png`);
  expect([...long]).toHaveLength(60);
  expect(long).toMatch(/^🐕+…🐕+\.png$/u);
});

test("numbers as people read them", () => {
  expect(megabytes(39_712_345)).toBe("39.7\u00a0MB");
  expect([fileSize(1), fileSize(999_900), fileSize(1_000_000)]).toEqual([
    "1\u00a0kB",
    "1,000\u00a0kB",
    "1.0\u00a0MB",
  ]);
  expect([binarySize(2 ** 27), binarySize(32768), binarySize(2 ** 31)]).toEqual([
    "128 MiB",
    "32 KiB",
    "2 GiB",
  ]);
  expect([parameters(14_896_228), parameters(8.6e9)]).toEqual(["14.9 million", "8.6 billion"]);
  expect([duration(0.2), duration(89), duration(120), duration(4800)]).toEqual([
    "1 s",
    "89 s",
    "2 min",
    "1 h 20 min",
  ]);
});

test("smoothing starts at the first value and follows a level", () => {
  expect(smoothed([4])).toEqual([4]);
  const level = smoothed(Array.from({ length: 50 }, () => 2));
  for (const value of level) expect(value).toBeCloseTo(2, 10);
  expect(smoothed([1, 0])[1]).toBeCloseTo(0.9 / 1.9, 10);
});
