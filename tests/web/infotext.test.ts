import { describe, expect, test } from "vitest";
import { readInfotext, writeInfotext } from "../../web/features/gallery/infotext";
import type { PictureSettings } from "../../web/features/gallery/picture-settings";

const SAMPLERS = {
  ddim: { label: "DDIM" },
  "euler-a": { label: "Euler a" },
  "dpm++-2m": { label: "DPM++ 2M", schedule: "Uniform" },
  "dpm++-2m-karras": { label: "DPM++ 2M Karras" },
} as const;

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

  test.each(["Hires upscale: 2", "Hires resize: 256x192", "First pass size: 128x96"])(
    "a strength of drawing it again larger is none of a start picture: %s",
    (how) => {
      const written = `${writeInfotext(settings, SAMPLERS)}, Denoising strength: 0.7, ${how}`;
      expect(readInfotext(written, SAMPLERS)).toEqual(settings);
    },
  );

  test("a schedule that the web UI wouldn't choose by itself stands beside the sampler", () => {
    const written = writeInfotext({ ...settings, sampler: "dpm++-2m" }, SAMPLERS);
    expect(written).toContain("Sampler: DPM++ 2M, Schedule type: Uniform, CFG scale");
    expect(readInfotext(written, SAMPLERS).sampler).toBe("dpm++-2m");
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
      remarks: [expect.stringContaining("“Clip skip: 2”")],
    });
  });

  // As `float()` and the arguments of `extra_networks_lora.py` have them.
  test.each([
    ["", 1],
    [":.8", 0.8],
    [":+1.", 1],
    [":-0.5", -0.5],
    [":0.6:0.6", 0.6],
    [":unet=0.6:te=0.6", 0.6],
    [":0.5:dyn=8", 0.5],
  ])("<lora:ink%s> has the strength %d", (written, strength) => {
    expect(read(`x <lora:ink${written}>`)).toEqual({ prompt: "x", adapters: [{ name: "ink", strength }] });
  });

  test.each([
    [":0:0.7", 0.7, "words at 0 and on the picture at 0.7"],
    [":te=0:unet=0.6", 0.6, "words at 0 and on the picture at 0.6"],
    [":0.5:unet=0.6", 0.6, "words at 0.5 and on the picture at 0.6"],
    [":much", 1, "strength “much” of “ink”"],
  ])("of <lora:ink%s>, what isn't taken over is said", (written, strength, remark) => {
    expect(read(`x <lora:ink${written}>`)).toEqual({
      prompt: "x",
      adapters: [{ name: "ink", strength }],
      remarks: [expect.stringContaining(remark)],
    });
  });

  test.each(["[cat:dog:0.5]", "[cat:10]", "[cat::0.5]", "[red|blue]", "a AND b"])("so is %s", (part) => {
    const syntax = part.includes("AND") ? "AND" : part;
    expect(read(`x ${part}`).remarks).toEqual([expect.stringContaining(`“${syntax}”`)]);
  });

  test.each(["[cat]", "(cat:1.2)", "\\[a|b]", "[a: b]", "sand AND_SO", "[the (cat:1.5)]"])(
    "%s is as elsewhere",
    (part) => {
      expect(read(`x ${part}`).remarks).toBeUndefined();
    },
  );

  test("embeddings are adapters, and their words get brackets", () => {
    const found = readInfotext(
      'ink(v2), inky <ink(v2)>\nNegative prompt: (easynegative:1.2)\nSteps: 1, Seed: 2, TI hashes: "EasyNegative: 66a7, ink(v2): 1"',
      SAMPLERS,
    );
    expect(found.prompt).toBe("<ink(v2)>, inky <ink(v2)>");
    expect(found.negativePrompt).toBe("(<EasyNegative>:1.2)");
    expect(found.adapters).toEqual([
      { name: "EasyNegative", strength: 1 },
      { name: "ink(v2)", strength: 1 },
    ]);
  });

  function read(prompt: string) {
    const { prompt: rest, adapters, remarks } = readInfotext(prompt, SAMPLERS);
    return { prompt: rest, adapters, ...(remarks && { remarks }) };
  }

  test.each([
    ["Sampler: DPM++ 2M, Schedule type: Karras", "dpm++-2m-karras"],
    ["Sampler: DPM++ 2M Karras, Schedule type: Automatic", "dpm++-2m-karras"],
    ["Sampler: euler A, Version: 1", "euler-a"],
    ["Sampler: DPM++ 2M, Schedule type: Uniform", "dpm++-2m"],
    ["Sampler: DPM++ 2M, Version: 1", "dpm++-2m"],
    ["Sampler: DPM++ 2M, Schedule type: Exponential", "DPM++ 2M Exponential"],
    ["Sampler: Euler a, Schedule type: Karras", "Euler a Karras"],
    ["Sampler: DPM++ 2M Karras, Schedule type: Karras", "dpm++-2m-karras"],
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
    ["open brackets", "[a:".repeat(80_000)],
    ["adapters' arguments", `<lora:a${":1".repeat(120_000)}`],
    ["words that might be embeddings", `${"a ".repeat(120_000)}\nSteps: 1, Seed: 1, TI hashes: "a: 1, b: 2"`],
    ["lines", "\n".repeat(250_000)],
  ])("a quarter of a megabyte of %s takes no longer than a moment", (_, text) => {
    const start = performance.now();
    readInfotext(text, SAMPLERS);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
