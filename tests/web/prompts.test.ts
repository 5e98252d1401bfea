import { describe, expect, test } from "vitest";
import {
  cleanPrompt,
  isPlaceholder,
  mentions,
  nounOf,
  personalPrompt,
  placeholderFor,
  withArticle,
} from "../../web/app/prompts";

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

describe("from the clean prompt to the personal one", () => {
  test.each([
    ["a pencil sketch of a dog wearing a crown", "a pencil sketch of <my-dog> wearing a crown"],
    ["A Dog at night", "<my-dog> at night"],
    ["a hotdog and the dog", "a hotdog and <my-dog>"],
    ["two cats", "two cats"],
  ])("%s", (clean, personal) => {
    expect(personalPrompt(clean, "dog", "<my-dog>")).toBe(personal);
  });

  test("a noun inside a word that is there already stays", () => {
    const first = personalPrompt("a dog next to a dog", "dog", "<my-dog>");
    expect(first).toBe("<my-dog> next to a dog");
    expect(personalPrompt(first, "dog", "<my-dog-2>")).toBe("<my-dog> next to <my-dog-2>");
    expect(mentions("<my-dog> at night", "dog")).toBe(false);
  });

  test("where the noun was trained behind the new word it stays there, with an article", () => {
    expect(personalPrompt("the dog at night", "dog", "<my-dog> dog")).toBe("a <my-dog> dog at night");
    expect(personalPrompt("the dog at night", "dog", "sks")).toBe("sks at night");
    const first = personalPrompt("a dog next to a dog", "dog", "<my-dog>");
    expect(personalPrompt(first, "dog", "<b> dog")).toBe("<my-dog> next to a <b> dog");
  });

  test("a noun of several words, and one with signs of a pattern", () => {
    expect(personalPrompt("a teddy  bear in space", "teddy bear", "<x>")).toBe("<x> in space");
    expect(mentions("a c++ mug", "c++ mug")).toBe(true);
  });
});

describe("from a personal prompt to the clean one", () => {
  test.each([
    ["a sketch of <my-dog> at the beach", "a sketch of a dog at the beach"],
    ["a sketch of a <my-dog> dog, at night", "a sketch of a dog, at night"],
    ["a <my-dog> dogfight", "a dog dogfight"],
    ["a photo of a <my-dog>", "a photo of a dog"],
    ["the <my-dog> and <my-dog>", "the dog and a dog"],
    ["no word of ours", "no word of ours"],
  ])("%s", (personal, clean) => {
    expect(cleanPrompt(personal, "<my-dog>", "dog")).toBe(clean);
  });

  test("a clean prompt comes back unchanged", () => {
    const clean = "an oil painting of an orange at night";
    expect(cleanPrompt(personalPrompt(clean, "orange", "<my-orange>"), "<my-orange>", "orange")).toBe(clean);
  });
});
