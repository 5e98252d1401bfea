import { signal } from "@preact/signals";
import { beforeEach, expect, test, vi } from "vitest";
import type { GenerationSettings, Picture } from "../../web/engine/contract/generation";

const picture: Picture = { width: 1, height: 1, rgba: new Uint8Array(4) };
type Generate = (
  settings: GenerationSettings,
  progress: (step: number, steps: number) => void,
) => Promise<Picture | null>;
const generate = vi.fn<Generate>();
const model = signal({ state: "ready", report: { name: "demo", resolution: 128 } });

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  engine: () => ({ generate }),
}));
vi.mock("../../web/app/announce", () => ({ announce: () => undefined }));
vi.mock("../../web/features/models/model", () => ({ whenModelIsChosen: () => undefined, model }));
vi.mock("../../web/features/generate/form", () => ({ USUAL_GUIDANCE: 5 }));
vi.mock("../../web/features/personalize/preview-choice", () => ({ previewSteps: signal(10) }));
vi.mock("../../web/features/personalize/setup", () => ({
  target: signal(" a dog in the snow "),
  settings: signal({ seed: 3 }),
}));

const { chosenWish, draw, drawing, pictureOf, untrainedFault } = await import(
  "../../web/features/personalize/untrained"
);

let prompts = 0;
/** One that no other test has drawn. */
const wish = () => ({ prompt: `wish ${++prompts}`, seed: 1, steps: 10, guidanceScale: 5, size: 128 });

beforeEach(() => {
  generate.mockReset().mockResolvedValue(picture);
  model.value = { state: "ready", report: { name: "demo", resolution: 128 } };
});

test("the wish is drawn as a preview of its run will be, without adapters", async () => {
  if (!chosenWish.value) throw new Error("no wish");
  await draw(chosenWish.value);
  expect(generate.mock.calls[0]?.[0]).toEqual({
    prompt: "a dog in the snow",
    negativePrompt: "",
    seed: 3,
    steps: 10,
    guidanceScale: 5,
    sampler: "ddim",
    width: 128,
    height: 128,
    adapters: [],
    preview: true,
  });
  expect(pictureOf(chosenWish.value)).toBe(picture);
});

test("once for each wish, and anew for another seed or model", async () => {
  const one = wish();
  await draw(one);
  await draw({ ...one });
  expect(generate).toHaveBeenCalledTimes(1);
  expect(pictureOf({ ...one, seed: 2 })).toBeUndefined();
  model.value = { state: "ready", report: { name: "other", resolution: 128 } };
  expect(pictureOf(one)).toBeUndefined();
});

test("of many wishes the latest are kept", async () => {
  const all = Array.from({ length: 22 }, wish);
  for (const one of all) await draw(one);
  expect(all.map((one) => pictureOf(one) !== undefined)).toEqual(all.map((_, at) => at >= 2));
});

test("one at a time, with its progress; what is cancelled leaves nothing", async () => {
  const one = wish();
  let end: (drawn: Picture | null) => void = () => undefined;
  generate.mockImplementation((_, progress) => {
    progress(4, 10);
    return new Promise((resolve) => {
      end = resolve;
    });
  });
  const first = draw(one);
  expect(drawing.value).toEqual({ step: 4, steps: 10 });
  await draw(wish());
  expect(generate).toHaveBeenCalledTimes(1);
  end(null);
  await first;
  expect(drawing.value).toBeUndefined();
  expect(pictureOf(one)).toBeUndefined();
});

test("a fault is held until the next try", async () => {
  const one = wish();
  generate.mockRejectedValueOnce(new Error("no memory"));
  await draw(one);
  expect(untrainedFault.value?.message).toBe("no memory");
  await draw(one);
  expect(untrainedFault.value).toBeUndefined();
  expect(pictureOf(one)).toBe(picture);
});
