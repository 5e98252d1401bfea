import { describe, expect, test } from "vitest";
import { readInfotext, writeInfotext } from "../../web/features/gallery/infotext";
import type { PictureSettings } from "../../web/features/gallery/picture-settings";

const SAMPLERS = { ddim: "DDIM", "euler-a": "Euler a", "dpm++-2m-karras": "DPM++ 2M Karras" };

const settings: PictureSettings = {
  prompt: "a photo of <my-dog> at the beach",
  negativePrompt: "rain, clouds",
  seed: 4_294_967_295,
  steps: 25,
  guidanceScale: 5.5,
  sampler: "ddim",
  width: 128,
  height: 96,
  model: "demo: small, and soft",
  adapters: [
    { name: "my-dog", strength: 0.85 },
    { name: "ink", strength: 1 },
  ],
};

describe("writing", () => {
  test("the form that A1111's web UI writes", () => {
    expect(writeInfotext(settings, SAMPLERS)).toBe(
      [
        "a photo of <my-dog> at the beach <lora:my-dog:0.85> <lora:ink:1>",
        "Negative prompt: rain, clouds",
        'Steps: 25, Sampler: DDIM, CFG scale: 5.5, Seed: 4294967295, Size: 128x96, Model: "demo: small, and soft"',
      ].join("\n"),
    );
  });

  test("nothing to avoid: no line for it", () => {
    const plain = { ...settings, negativePrompt: "", adapters: [] };
    expect(writeInfotext(plain, SAMPLERS).split("\n")).toHaveLength(2);
  });

  test("what is written is read again", () => {
    expect(readInfotext(writeInfotext(settings, SAMPLERS), SAMPLERS)).toEqual(settings);
  });

  test("a picture that was drawn on another says so, as the web UI does", () => {
    const started = { ...settings, start: { strength: 0.6, maskBlur: 4 } };
    const written = writeInfotext(started, SAMPLERS);
    expect(written).toMatch(/, Denoising strength: 0\.6, Mask blur: 4$/);
    expect(readInfotext(written, SAMPLERS)).toEqual(started);
  });

  test("a strength of drawing it again larger is none of a start picture", () => {
    const written = `${writeInfotext(settings, SAMPLERS)}, Denoising strength: 0.7, Hires upscale: 2`;
    expect(readInfotext(written, SAMPLERS)).toEqual(settings);
  });

  test("an adapter's name can't end its tag", () => {
    const adapters = [{ name: "a:9><lora:b", strength: 1 }];
    const { adapters: read } = readInfotext(writeInfotext({ ...settings, adapters }, SAMPLERS), SAMPLERS);
    expect(read).toEqual([{ name: "a-9lora-b", strength: 1 }]);
  });
});

describe("reading what other programs write", () => {
  test("a picture of A1111's web UI", () => {
    const text = `portrait of a fox, (ink:1.2), <lora:Ink_v2:0.6> sharp
second line <lora:plain>
Negative prompt: blurry,
lowres
Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x768, Model hash: 45dee52b, Model: v1-5-pruned, Clip skip: 2, Lora hashes: "Ink_v2: 9e8f, plain: 11aa", Version: v1.10.1`;
    expect(readInfotext(text, SAMPLERS)).toEqual({
      prompt: "portrait of a fox, (ink:1.2), sharp\nsecond line",
      negativePrompt: "blurry,\nlowres",
      seed: 965400086,
      steps: 20,
      guidanceScale: 7,
      sampler: "euler-a",
      width: 512,
      height: 768,
      model: "v1-5-pruned",
      adapters: [
        { name: "Ink_v2", strength: 0.6 },
        { name: "plain", strength: 1 },
      ],
    });
  });

  test.each([
    ["Sampler: DPM++ 2M, Schedule type: Karras", "dpm++-2m-karras"],
    ["Sampler: DPM++ 2M Karras, Schedule type: Automatic", "dpm++-2m-karras"],
    ["Sampler: euler A, Version: 1", "euler-a"],
    ["Sampler: Restart, Version: 1", "Restart"],
  ])("%s is the sampler %s", (written, sampler) => {
    expect(readInfotext(`x\nSteps: 20, ${written}`, SAMPLERS).sampler).toBe(sampler);
  });

  test("fewer than three settings in the last line: it is part of the prompt", () => {
    expect(readInfotext("a cat\nlight: soft, mood: calm", SAMPLERS)).toEqual({
      prompt: "a cat\nlight: soft, mood: calm",
      negativePrompt: "",
      adapters: [],
    });
  });

  test("numbers that make no sense are left out", () => {
    const read = readInfotext("x\nSteps: 0, CFG scale: many, Seed: -1, Size: 9999999x1", SAMPLERS);
    expect(read).toEqual({ prompt: "x", negativePrompt: "", height: 1, adapters: [] });
  });
});

describe("hostile text", () => {
  test("names of an object's own machinery set nothing", () => {
    const read = readInfotext("x\n__proto__: 1, constructor: 2, Steps: 3, toString: 4", SAMPLERS);
    expect(read).toEqual({ prompt: "x", negativePrompt: "", steps: 3, adapters: [] });
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(readInfotext("x\nSteps: 1, Seed: 2, Sampler: constructor", SAMPLERS).sampler).toBe("constructor");
  });

  test.each([
    ["letters", "a".repeat(250_000)],
    ["spaces", `Steps:${" ".repeat(250_000)}x`],
    ["spaces before a tag", `${" ".repeat(250_000)}<lora`],
    ["open quotes", 'ab:"'.repeat(60_000)],
    ["escapes", `ab:"${"\\".repeat(250_000)}`],
    ["open tags", "<lora:".repeat(40_000)],
    ["one open tag", `<lora:${"a".repeat(250_000)}`],
    ["lines", "\n".repeat(250_000)],
  ])("a quarter of a megabyte of %s takes no longer than a moment", (_, text) => {
    const start = performance.now();
    readInfotext(text, SAMPLERS);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
