import { describe, expect, test } from "vitest";
import {
  isPlaceholder,
  mentions,
  nounOf,
  placeholderFor,
  withArticle,
  withClassNoun,
  withNewWord,
} from "../../web/app/prompts";
import cases from "../support/prompt_words.json";

test("a placeholder is made of the noun and avoids those taken", () => {
  expect(placeholderFor("Teddy bear")).toBe("<my-teddy-bear>");
  expect(placeholderFor("dog", ["<my-dog>", "<my-dog-2>"])).toBe("<my-dog-3>");
  expect(placeholderFor("  ")).toBe("<my-thing>");
});

test("the noun comes back from a placeholder that was made of it", () => {
  expect([nounOf("<my-teddy-bear-2>"), nounOf("<my-dog>"), nounOf("<sks>")]).toEqual([
    "teddy bear",
    "dog",
    undefined,
  ]);
});

test("a placeholder is one word between angle brackets", () => {
  expect(["<my-dog>", "<hund_2>", "<été>"].every(isPlaceholder)).toBe(true);
  expect(["my-dog", "<>", "<my dog>", "<a><b>", "<-x>"].some(isPlaceholder)).toBe(false);
});

test("articles follow the noun", () => {
  expect([withArticle("dog"), withArticle("orange")]).toEqual(["a dog", "an orange"]);
});

/** The engine's own unit test reads the same table. */
describe("words change places as in the engine", () => {
  test.each(cases.withNewWord as [string, string, string, string][])(
    "%s: the new word of the %s",
    (prompt, noun, phrase, expected) => {
      expect(withNewWord(prompt, noun, phrase)).toBe(expected);
    },
  );

  test.each(cases.withClassNoun as [string, string, string, string][])(
    "%s: the %s again",
    (prompt, noun, placeholder, expected) => {
      expect(withClassNoun(prompt, placeholder, noun)).toBe(expected);
    },
  );

  test("a clean prompt comes back unchanged", () => {
    const clean = "an oil painting of an orange at night";
    expect(withClassNoun(withNewWord(clean, "orange", "<my-orange>"), "<my-orange>", "orange")).toBe(clean);
  });
});

test("a prompt mentions a noun as a word of its own", () => {
  expect([mentions("a c++ mug", "c++ mug"), mentions("<my-dog> at night", "dog")]).toEqual([true, false]);
});
