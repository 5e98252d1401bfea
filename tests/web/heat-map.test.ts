import { expect, test } from "vitest";
import { heatPicture, mappableWords } from "../../web/features/generate/heat-map";

test("the words of a prompt that mean something, once each, placeholders whole", () => {
  expect(mappableWords("A photo of <my-dog> with the old man's hat, in a photo")).toEqual([
    "photo",
    "<my-dog>",
    "old",
    "man's",
    "hat",
  ]);
  expect(mappableWords("of the")).toEqual([]);
  expect(mappableWords("a (golden crown:1.4) BREAK on [[snow]], 5:30")).toEqual([
    "golden",
    "crown",
    "snow",
    "5",
    "30",
  ]);
});

test("a map is transparent where nothing acted and strongest at its largest value", () => {
  const values = Float32Array.of(0, 0.02, 0.04, -1);
  const { rgba } = heatPicture({ word: "dog", width: 2, height: 2, values });
  const alphas = [3, 7, 11, 15].map((at) => rgba[at]);
  expect(alphas).toEqual([0, 105, 210, 0]);
  expect(heatPicture({ word: "x", width: 1, height: 1, values: Float32Array.of(0) }).rgba[3]).toBe(0);
});
