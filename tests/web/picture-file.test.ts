import { deflateSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { readSettings, withSettings } from "../../web/features/gallery/picture-file";
import { checkedSettings, type PictureSettings } from "../../web/features/gallery/picture-settings";
import { decodeRegion, encodeRegion } from "../../web/features/gallery/region-mask";
import { chunksOf, latin1, png, type RawChunk, utf8 } from "./png";

const settings: PictureSettings = {
  prompt: "a dog",
  negativePrompt: "",
  seed: 7,
  steps: 3,
  guidanceScale: 5,
  sampler: "euler",
  width: 1,
  height: 1,
  model: "demo",
  adapters: [],
};

const textOf = (chunk: RawChunk | undefined) => Buffer.from(chunk?.data ?? []).toString("utf8");

describe("writing", () => {
  test("two text chunks behind the header, all else as it was", async () => {
    const file = await withSettings(png(), settings);
    const chunks = await chunksOf(file);
    expect(chunks.map(({ type }) => type)).toEqual(["IHDR", "tEXt", "iTXt", "IDAT", "IEND"]);
    expect(textOf(chunks[1])).toBe(
      "parameters\0a dog\nSteps: 3, Sampler: Euler, CFG scale: 5, Seed: 7, Size: 1x1, Model: demo",
    );
    expect(textOf(chunks[2])).toBe(`palpable\0\0\0\0\0${JSON.stringify(settings)}`);
    expect(file.type).toBe("image/png");
  });

  test("Latin-1 stays tEXt; what it doesn't have becomes iTXt in UTF-8", async () => {
    const german = await chunksOf(await withSettings(png(), { ...settings, prompt: "ein Hündchen" }));
    expect(german[1]?.type).toBe("tEXt");
    expect(Buffer.from(german[1]?.data ?? []).toString("latin1")).toContain("ein Hündchen");
    const greek = await chunksOf(await withSettings(png(), { ...settings, prompt: "ένας σκύλος 🐕" }));
    expect(greek[1]?.type).toBe("iTXt");
    expect(textOf(greek[1])).toMatch(/^parameters\0\0\0\0\0ένας σκύλος 🐕\n/);
  });
});

test("how words and prompt were balanced comes back, with painted regions", async () => {
  const values = Uint8Array.from({ length: 64 * 64 }, (_, place) => (place % 64 < 20 ? 255 : 0));
  const steered: PictureSettings = {
    ...settings,
    delayedConcept: 0.3,
    delayedKeepsLora: true,
    classPrompt: "a dog, asleep",
    strengthEnd: 0.5,
    embeddingNormClip: 1.5,
    regions: [{ placeholder: "<my-dog>", mask: encodeRegion(values) }],
  };
  const read = await readSettings(await withSettings(png(), steered), "dog.png");
  expect(read).toEqual(steered);
  expect(decodeRegion(read.regions?.[0]?.mask ?? "")).toEqual(values);
  expect((await withSettings(png(), steered)).size).toBeLessThan(
    (await withSettings(png(), settings)).size + 1200,
  );
});

test.each([
  { delayedConcept: 2 },
  { delayedKeepsLora: "yes" },
  { strengthEnd: -1 },
  { embeddingNormClip: 0 },
  { regions: [{ placeholder: "<my-dog>", mask: "AAAA" }] },
  { regions: [{ placeholder: "<my-dog>", mask: "<script>" }] },
  {
    regions: Array.from({ length: 17 }, () => ({
      placeholder: "<x>",
      mask: encodeRegion(new Uint8Array(4096)),
    })),
  },
])("steering that is out of bounds is left out: %j", (wrong) => {
  expect(checkedSettings({ ...settings, ...wrong })).toEqual(settings);
});

test("a zero in the prompt can't cut the text off", async () => {
  const chunks = await chunksOf(await withSettings(png(), { ...settings, prompt: "a\0dog" }));
  expect(textOf(chunks[1])).toMatch(/^parameters\0\0\0\0\0adog\n[^\0]+$/);
});

describe("what is written comes back exactly", () => {
  const prompts = [
    "ein Hündchen",
    "ένας σκύλος 🐕 在海滩",
    "two\nlines\r\nand\ttabs",
    "a dog\nNegative prompt: no cat\nSteps: 1, Seed: 2, Size: 3x4",
    "<lora:not-an-adapter:1> \\(escaped\\) \"quoted\" {json: 'no'}",
    "half a pair \ud83d and a zero \0 within",
    "<script>alert(1)</script>",
  ];
  test.each(prompts)("%j", async (prompt) => {
    const wanted: PictureSettings = {
      ...settings,
      prompt,
      negativePrompt: prompt,
      guidanceScale: 0.1 + 0.2,
      adapters: [{ name: "a:b>", strength: 1 / 3 }],
    };
    expect(await readSettings(await withSettings(png(), wanted), "x.png")).toEqual(wanted);
  });
});

describe("reading what other programs write", () => {
  const infotext = "ein Hündchen\nSteps: 9, Sampler: DDIM, CFG scale: 4, Seed: 5, Size: 64x64";
  const found = expect.objectContaining({ prompt: "ein Hündchen", steps: 9, sampler: "ddim", seed: 5 });
  const itxt = (flag: number, body: Uint8Array) => ({
    type: "iTXt",
    data: Buffer.concat([latin1(`parameters\0${String.fromCharCode(flag)}\0de\0`), utf8("Werte\0"), body]),
  });
  test.each<[string, RawChunk]>([
    ["tEXt", { type: "tEXt", data: latin1(`parameters\0${infotext}`) }],
    [
      "zTXt",
      { type: "zTXt", data: Buffer.concat([latin1("parameters\0\0"), deflateSync(latin1(infotext))]) },
    ],
    ["iTXt", itxt(0, utf8(infotext))],
    ["deflated iTXt", itxt(1, deflateSync(utf8(infotext)))],
  ])("%s", async (_, chunk) => {
    expect(await readSettings(png(chunk), "x.png")).toEqual(found);
  });

  test("its samplers, with the schedule in the name or beside it", async () => {
    const sampler = async (written: string) => {
      const data = latin1(`parameters\0x\nSteps: 1, Seed: 1, Sampler: ${written}`);
      return (await readSettings(png({ type: "tEXt", data }), "x.png")).sampler;
    };
    expect(await sampler("PLMS")).toBe("pndm");
    expect(await sampler("DPM++ SDE")).toBe("dpm++-sde");
    expect(await sampler("DPM++ 2M SDE Karras")).toBe("dpm++-2m-sde-karras");
    expect(await sampler("DPM++ 2M, Schedule type: Karras")).toBe("dpm++-2m-karras");
    expect(await sampler("Euler a, Schedule type: SGM Uniform")).toBe("turbo");
    expect(await sampler("Euler a, Schedule type: Automatic")).toBe("euler-a");
  });

  test("of two texts with the same name the first counts", async () => {
    const second = { type: "tEXt", data: latin1("parameters\0a cat\nSteps: 1, Seed: 1, Size: 1x1") };
    const first = { type: "tEXt", data: latin1(`parameters\0${infotext}`) };
    expect(await readSettings(png(first, second), "x.png")).toEqual(found);
  });
});

describe("hostile files are refused with a sentence", () => {
  const refusal = (kind: RegExp) =>
    expect.objectContaining({ name: "BadFile", message: expect.stringMatching(kind) });
  const refused = async (file: Blob, kind: RegExp) =>
    expect(await readSettings(file, "x.png").catch((error: unknown) => error)).toEqual(refusal(kind));
  const parameters = (body: Uint8Array): RawChunk => ({
    type: "iTXt",
    data: Buffer.concat([latin1("parameters\0"), body]),
  });

  test("no PNG at all, and nothing at all", async () => {
    await refused(new Blob(["GIF89a, says the file"]), /not a whole PNG/);
    await refused(new Blob(), /not a whole PNG/);
  });

  test("cut off anywhere", async () => {
    const whole = new Uint8Array(await (await withSettings(png(), settings)).arrayBuffer());
    for (let length = 0; length < whole.length - 12; length++) {
      await refused(new Blob([whole.slice(0, length)]), /not a whole PNG/);
    }
  });

  test.each([2 ** 32 - 1, 2 ** 31, 500])("a chunk that says it has %d bytes", async (length) => {
    const chunk = { type: "tEXt", data: latin1("parameters\0a cat"), length };
    await refused(png(chunk), /not a whole PNG/);
  });

  test("a file of more than 64 MB isn't even opened", async () => {
    const huge = Object.defineProperty(new Blob(), "size", { value: 65 * 1024 * 1024 });
    huge.arrayBuffer = () => Promise.reject(new Error("opened"));
    await refused(huge, /larger than 64 MB/);
  });

  test("a text with a wrong sum", async () => {
    const chunk = { type: "tEXt", data: latin1("parameters\0a cat"), crc: 1 };
    await refused(png(chunk), /carries no settings/);
  });

  /** Good settings but for their length. */
  const longWinded = (length: number) =>
    latin1(`a cat\nSteps: 1, Seed: 1, Size: 1x1, Notes: ${"a".repeat(length)}`);

  test("a text of a megabyte", async () => {
    const data = (length: number) => Buffer.concat([latin1("parameters\0"), longWinded(length)]);
    await refused(png({ type: "tEXt", data: data(1_000_000) }), /carries no settings/);
    expect(await readSettings(png({ type: "tEXt", data: data(10_000) }), "x.png")).toHaveProperty("steps", 1);
  });

  test("decompression bombs: little that becomes 50 MB", async () => {
    const bomb = deflateSync(longWinded(50_000_000));
    expect(bomb.length).toBeLessThan(256 * 1024);
    const deflated = { type: "zTXt", data: Buffer.concat([latin1("parameters\0\0"), bomb]) };
    await refused(png(deflated), /carries no settings/);
    await refused(png(parameters(Buffer.concat([latin1("\x01\0\0\0"), bomb]))), /carries no settings/);
  });

  test("inflating stops as soon as it is too much, however much more would come", async () => {
    let megabytes = 0;
    const endless = new ReadableStream({
      pull(controller) {
        megabytes++;
        controller.enqueue(new Uint8Array(1_000_000).fill(97));
      },
    });
    vi.stubGlobal(
      "DecompressionStream",
      class {
        readable = endless;
        writable = new WritableStream();
      },
    );
    await refused(png({ type: "zTXt", data: latin1("parameters\0\0bomb") }), /carries no settings/);
    vi.unstubAllGlobals();
    expect(megabytes).toBeLessThan(4);
  });

  test.each<[string, RawChunk]>([
    ["what is no deflate", { type: "zTXt", data: latin1("parameters\0\0not deflated") }],
    ["an unknown method", { type: "zTXt", data: latin1("parameters\0\x09a cat") }],
    [
      "deflate that breaks off",
      parameters(Buffer.concat([latin1("\x01\0\0\0"), deflateSync(utf8("a cat")).subarray(0, 6)])),
    ],
    ["no end of the language", parameters(latin1("\0\0en"))],
    ["no end of the translated keyword", parameters(latin1("\0\0en\0keyword"))],
    ["what is no UTF-8", parameters(latin1("\0\0\0\0a c\xe4t"))],
    ["a keyword that only begins alike", { type: "tEXt", data: latin1("parameters2\0a cat") }],
    ["a keyword alone", { type: "tEXt", data: latin1("parameters\0") }],
  ])("a text of %s", async (_, chunk) => {
    await refused(png(chunk), /carries no settings/);
  });

  const json = (text: string): RawChunk => ({ type: "iTXt", data: utf8(`palpable\0\0\0\0\0${text}`) });

  test("JSON with keys of an object's own machinery changes no object", async () => {
    const poisoned = JSON.stringify({ ...settings, extra: 1 }).replace(
      "{",
      '{"__proto__":{"polluted":true,"prompt":"p"},"constructor":{"prototype":{"polluted":true}},',
    );
    const read = await readSettings(png(json(poisoned)), "x.png");
    expect(read).toEqual(settings);
    expect(Object.keys(read)).toEqual(Object.keys(settings));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    // Nothing of its own, so nothing is taken.
    expect(checkedSettings(Object.create(settings))).toBeUndefined();
    await refused(png(json(`{"__proto__":${JSON.stringify(settings)}}`)), /carries no settings/);
  });

  test.each([
    ["null", "null"],
    ["a list", "[]"],
    ["no JSON", "{prompt:"],
    ["nested a hundred thousand deep", "[".repeat(100_000)],
    ["a seed beyond 32 bits", JSON.stringify({ ...settings, seed: 2 ** 32 })],
    ["half a step", JSON.stringify({ ...settings, steps: 2.5 })],
    ["guidance that is no number", JSON.stringify({ ...settings, guidanceScale: "5" })],
    ["a prompt of a novel's length", JSON.stringify({ ...settings, prompt: "a".repeat(20_001) })],
    ["a prompt that is an object", JSON.stringify({ ...settings, prompt: { toString: "a" } })],
    [
      "more adapters than anyone uses",
      JSON.stringify({ ...settings, adapters: Array(33).fill({ name: "a", strength: 1 }) }),
    ],
    ["an adapter without a name", JSON.stringify({ ...settings, adapters: [{ strength: 1 }] })],
    ["a list of nothing", JSON.stringify({ ...settings, adapters: [null] })],
    ["a missing model", JSON.stringify({ ...settings, model: undefined })],
  ])("JSON that is %s", async (_, text) => {
    await refused(png(json(text)), /carries no settings/);
  });

  test("with broken JSON the other program's text still counts", async () => {
    const chunk = { type: "tEXt", data: latin1("parameters\0a cat\nSteps: 1, Seed: 1, Size: 1x1") };
    expect((await readSettings(png(json("{"), chunk), "x.png")).prompt).toBe("a cat");
  });
});
