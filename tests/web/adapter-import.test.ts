import { deflateSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import {
  emptyAfterEach,
  fakeEngine,
  importAll,
  importFile,
  library,
  names,
  outcome,
  readPhotos,
  reload,
} from "./adapter-library";
import { stubCanvas } from "./fake-canvas";
import { latin1, pngOf } from "./png";

emptyAfterEach();

describe("a project that is imported", () => {
  test("is kept in its parts, its pictures drawn anew", async () => {
    stubCanvas();
    const side = 48;
    const pixels = deflateSync(Buffer.alloc(side * (1 + 4 * side)));
    const secret = { type: "tEXt", data: latin1("Comment\0where I live") };
    const file = pngOf({ width: side, height: side }, 6, pixels, secret);
    const photo = new Uint8Array(await file.arrayBuffer());
    const noPicture = new Uint8Array(latin1("\x89PNG\r\n\x1a\n and then nothing"));
    const words = { settings: { steps: 250 }, prompts: ["a crown"] };
    fakeEngine.project = { ...words, thumbnails: [photo], photos: [photo, noPicture] };
    const {
      entry: { key },
    } = await importFile(new File(["a zip"], "rex.palpable.zip"));
    await vi.waitFor(async () => {
      await reload();
      expect(library.value[0]).toMatchObject({ key, photos: 1, project: words, saved: true });
      expect(library.value[0]?.preview?.exported).toBe(true);
    });
    // Not the archive, in which the photos would lie on.
    expect(library.value[0]?.bytes).toEqual(Uint8Array.of(1, 2, 3));
    const [kept] = await readPhotos(key);
    expect(Buffer.from(kept ?? []).includes("where I live")).toBe(false);
    expect(Buffer.from(photo).includes("where I live")).toBe(true);
  });
});

describe("files that are imported", () => {
  const file = (name: string, content = name) => new File([content], name);

  test("once more are not there twice, neither in the library nor in the engine", async () => {
    await importAll([file("rex")]);
    await importAll([file("rex")]);
    expect([names(), [...fakeEngine.adapters.values()]]).toEqual([["rex"], ["rex"]]);
    expect(outcome.value).toEqual(["<rex> is here already, so it was not imported again."]);
  });

  test("with another's word are there, switched off", async () => {
    await importAll([file("rex"), file("rex", "trained longer")]);
    expect(library.value.map(({ active }) => active)).toEqual([true, false]);
    expect(outcome.value).toEqual([expect.stringContaining("<rex> was imported switched off")]);
  });

  test("beside one that can't be are, and of that one the reason is said", async () => {
    fakeEngine.refused = "bad";
    await importAll([file("bad"), file("rex")]);
    expect(names()).toEqual(["rex"]);
    expect(outcome.value).toEqual([{ kind: "BadFile", message: "It belongs to another model." }]);
    await expect(importAll([file("bad")])).rejects.toThrow("another model");
  });
});
