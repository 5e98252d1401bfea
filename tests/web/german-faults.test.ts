/** A fault on the German page: the engine's sentence in German, alone; one that isn't known, introduced and quoted. */
import { expect, test, vi } from "vitest";

vi.mock("../../web/app/language", () => ({
  language: "de",
  locale: "de",
  inLanguage: (_: unknown, translations: { de: () => Promise<unknown> }) => translations.de(),
}));
// They look at the browser's address and GPU as soon as they are there.
vi.mock("../../web/app/navigation", () => ({}));
vi.mock("../../web/app/studio", () => ({}));
const { sentenceFor } = await import("../../web/app/fault-notice");
const { inPageLanguage } = await import("../../web/app/engine-words");

test("a known sentence stands alone", () => {
  const message = "dog.safetensors is not an adapter: it holds no tensors.";
  expect(sentenceFor({ kind: "BadFile", message })).toBe(
    "dog.safetensors ist kein Adapter: Es enthält keine Tensoren.",
  );
});

test("an unknown one is quoted behind what kind of fault it is", () => {
  expect(sentenceFor({ kind: "BadFile", message: "It is cursed." })).toBe(
    "Die Datei lässt sich nicht benutzen. (It is cursed.)",
  );
  expect(sentenceFor({ kind: "Storage", message: "Der Browser antwortete nicht." })).toBe(
    "Der Browser antwortete nicht.",
  );
});

test("a stopped engine's own words stay out of sight", () => {
  expect(sentenceFor({ kind: "EngineStopped", message: "unreachable executed" })).toBe(
    "Der Rechenkern ist unerwartet stehen geblieben.",
  );
});

test("a device's notes are German", () => {
  expect(inPageLanguage("This is a software adapter: pictures take minutes, training takes hours.")).toBe(
    "Dies ist ein Software-Adapter: Bilder dauern Minuten, das Training dauert Stunden.",
  );
});
