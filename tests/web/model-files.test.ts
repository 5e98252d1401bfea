import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import type { LoadProgress } from "../../web/engine/api";
import type { Completion, FilesChoice } from "../../web/engine/model-choice";
import { removeModel, storedModels } from "../../web/engine/model-folder";
import { openModel as open } from "../../web/engine/worker/sources/model";
import {
  beginWithFakeHub,
  bringing,
  choice,
  expectWhole,
  hub,
  openModel,
  storage,
  UNET,
  whole,
} from "./bring-model";
import { numbers } from "./fake-hub";

beginWithFakeHub();

describe("an address", () => {
  test("a folder, found file by file", async () => {
    const source = await openModel({ kind: "address", url: hub.store }, bringing());
    await expectWhole(source, UNET);
    expect((await storedModels())[0]).toMatchObject({ from: `${hub.store}/`, whole: true });
  });

  test("a file", async () => {
    hub.put("some/model one.safetensors", numbers(5000, 1));
    const url = `${hub.store}/some/model%20one.safetensors`;
    const source = await openModel({ kind: "address", url }, bringing());
    expect(source.name).toBe("model one");
    expect(await whole(source, "model.safetensors")).toEqual(numbers(5000, 1));
  });

  test("what isn't there, isn't safetensors, isn't an address, or can't be reached", async () => {
    const open = (url: string) => openModel({ kind: "address", url }, bringing());
    await expect(open(`${hub.store}/none.safetensors`)).rejects.toThrow("has no none.safetensors");
    await expect(open(`${hub.store}/none/`)).rejects.toThrow("has no model_index.json");
    await expect(open(`${hub.store}/model.ckpt`)).rejects.toThrow("pickle");
    await expect(open("file:///etc/passwd")).rejects.toThrow("https://");
    await expect(open("http://127.0.0.1:9/model.safetensors")).rejects.toThrow("can't be reached");
    await expect(open("http://127.0.0.1:9/100%")).rejects.toThrow("can't be reached");
  });

  test("changed between two connections, it is not mixed", async () => {
    hub.put("one.safetensors", numbers(200_000, 1));
    const progress = (now: LoadProgress) => {
      if (now.phase === "fetch" && now.bytesLoaded > 1000) hub.put("one.safetensors", numbers(200_000, 2));
    };
    hub.troubles.set("one.safetensors", [{ whole: true }, { reset: 50_000 }]);
    const url = `${hub.store}/one.safetensors`;
    await expect(openModel({ kind: "address", url }, { ...bringing(), progress })).rejects.toThrow(
      "has changed",
    );
  });
});

describe("files of this device", () => {
  const file = (name: string, bytes: Uint8Array<ArrayBuffer>) =>
    new File([bytes], name, { lastModified: 1000 });
  const folder = () =>
    [...hub.files].map(([path, bytes]) => ({ path, file: file(path.split("/").at(-1) ?? "", bytes) }));

  test("a folder, read where it lies", async () => {
    const source = await openModel({ kind: "files", name: "mine", files: folder(), keep: false }, bringing());
    expect(source.name).toBe("mine");
    expect(await source.read(UNET, 5, 9)).toEqual(hub.files.get(UNET)?.subarray(5, 9));
    expect(storage.children.size).toBe(0);
  });

  test("kept, it is there at the next visit", async () => {
    await openModel({ kind: "files", name: "mine", files: folder(), keep: true }, bringing());
    const [model] = await storedModels();
    const source = await openModel({ kind: "stored", id: model?.id ?? "" }, bringing());
    await expectWhole(source, UNET);
  });

  test("one of which nothing could be copied isn't listed", async () => {
    const files = folder();
    const refuse = () => Promise.reject(new DOMException("It changed.", "NotReadableError"));
    for (const { file } of files) {
      const slice = file.slice.bind(file);
      // The configs are read beforehand, whole.
      Object.assign(file, {
        slice: (...range: [number, number]) => Object.assign(slice(...range), { arrayBuffer: refuse }),
      });
    }
    const opening = openModel({ kind: "files", name: "mine", files, keep: true }, bringing());
    await expect(opening).rejects.toMatchObject({ name: "LocalFile" });
    expect(await storedModels()).toEqual([]);
  });

  test("one that is gone since it was chosen is asked for once, and the sentence says so", async () => {
    const files = folder();
    const gone = files.find(({ path }) => path === UNET)?.file;
    const arrayBuffer = vi.fn(() => Promise.reject(new DOMException("It changed.", "NotReadableError")));
    Object.assign(gone ?? {}, { slice: () => ({ size: 9, arrayBuffer }) });
    const source = await openModel({ kind: "files", name: "mine", files, keep: false }, bringing());
    const read = source.read(UNET, 0, 9);
    await expect(read).rejects.toMatchObject({ name: "LocalFile" });
    await expect(read).rejects.toThrow(`${UNET} is not as it was chosen`);
    expect(arrayBuffer).toHaveBeenCalledTimes(1);
  });

  test("one checkpoint, and what is none", async () => {
    const open = (...names: string[]) => {
      const files = names.map((name) => ({ path: name, file: file(name, numbers(100, 1)) }));
      return openModel({ kind: "files", name: names[0] ?? "", files, keep: false }, bringing());
    };
    const source = await open("dreamy.safetensors");
    expect([source.name, await source.length("model.safetensors")]).toEqual(["dreamy", 100]);
    await expect(open("dreamy.ckpt")).rejects.toThrow("pickle");
    await expect(open("photo.png")).rejects.toThrow("Choose one .safetensors file");
  });
});

describe("a checkpoint that is not a whole model", () => {
  const file = () => new File([numbers(1000, 9)], "unet-only.safetensors", { lastModified: 7 });
  const checkpoint = (completion?: Completion): FilesChoice => ({
    kind: "files",
    name: "unet-only.safetensors",
    files: [{ path: "unet-only.safetensors", file: file() }],
    keep: true,
    ...(completion && { completion }),
  });

  test("is kept with the parts of a model in the storage, without the rest of that", async () => {
    await openModel(choice(), bringing());
    const [giver] = await storedModels();
    expect(giver?.inParts).toBe(true);
    const parts = ["vae", "text_encoder", "tokenizer"];
    const opened = await open(checkpoint({ id: giver?.id ?? "", parts }), bringing());
    expect(opened.storedId).not.toBe(giver?.id);
    // The giver may go.
    await removeModel(giver?.id ?? "");
    const source = await openModel({ kind: "stored", id: opened.storedId ?? "" }, bringing());
    expect(await source.length("model.safetensors")).toBe(1000);
    for (const path of ["vae/config.json", "text_encoder/model.safetensors", "tokenizer/vocab.json"]) {
      await expectWhole(source, path);
    }
    expect(await source.length("unet/config.json")).toBeUndefined();
    expect(await source.length("model_index.json")).toBeUndefined();
    const [kept] = await storedModels();
    expect(kept).toMatchObject({ name: "unet-only", whole: true, inParts: false });
  });

  test("is not completed by a model that lacks the same", async () => {
    await openModel(checkpoint(), bringing());
    const [giver] = await storedModels();
    const asked = openModel(checkpoint({ id: giver?.id ?? "", parts: ["vae"] }), bringing());
    await expect(asked).rejects.toThrow("has no vae to give");
  });
});

test("what the hub tells of a checkpoint's content goes with it, also at the next visit", async () => {
  hub.files.clear();
  hub.put("models/clip-tokenizer/merges.txt", "#version: 0.2\n");
  hub.put("tiny.safetensors", numbers(500, 3));
  const expected = createHash("sha256").update(numbers(500, 3)).digest("hex");
  const opened = await open(choice({ file: "tiny.safetensors" }), bringing());
  expect(opened.source.checkpointSha256).toBe(expected);
  const again = await openModel({ kind: "stored", id: opened.storedId ?? "" }, bringing());
  expect(again.checkpointSha256).toBe(expected);
});
