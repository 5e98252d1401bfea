import { describe, expect, test, vi } from "vitest";
import type { LoadProgress } from "../../web/engine/api";
import { storedModels } from "../../web/engine/model-folder";
import { JobControl } from "../../web/engine/worker/job-control";
import { Cancelled } from "../../web/engine/worker/sources/transfer";
import {
  beginWithFakeHub,
  bringing,
  choice,
  expectWhole,
  hub,
  noted,
  onStore,
  openModel,
  storage,
  UNET,
  whole,
} from "./bring-model";
import { numbers } from "./fake-hub";
import type { FakeFolder } from "./fake-opfs";

beginWithFakeHub();

describe("a repository of the hub", () => {
  test("arrives whole: the 16-bit variant, read back in any range", async () => {
    const source = await openModel(choice(), bringing());
    expect(source.name).toBe("model");
    await expectWhole(source, UNET);
    expect(await source.read(UNET, 70_000, 70_010)).toEqual(hub.files.get(UNET)?.subarray(70_000, 70_010));
    expect(await source.length("unet/diffusion_pytorch_model.safetensors")).toBeUndefined();
    await expect(source.read(UNET, 199_999, 200_001)).rejects.toThrow("has no bytes");
    expect(noted.at(-1)).toMatchObject({ phase: "fetch" });
    expect(hub.seen.some(({ path }) => path.endsWith("README.md"))).toBe(false);
  });

  test("asks by one range and nothing else that would need a preflight", async () => {
    await openModel(choice(), bringing());
    expect(hub.seen.every(({ method }) => method === "GET")).toBe(true);
    expect(onStore(UNET).map(({ range }) => range)).toEqual(["bytes=0-199999"]);
  });

  test("a second visit fetches nothing, and needs no network", async () => {
    await openModel(choice(), bringing());
    const [model] = await storedModels();
    expect(model).toMatchObject({ name: "model", from: "someone/model", whole: true });
    expect(model?.licence?.name).toBe("creativeml-openrail-m");
    hub.seen.length = 0;
    const source = await openModel({ kind: "stored", id: model?.id ?? "" }, bringing());
    await expectWhole(source, UNET);
    expect(hub.seen).toEqual([]);
    await openModel(choice(), bringing());
    expect(hub.seen.filter(({ host }) => host === "store")).toEqual([]);
  });

  test("reset in the middle, it goes on from there", async () => {
    hub.troubles.set(UNET, [{ reset: 50_000 }, { reset: 70_000 }, { status: 503 }]);
    const source = await openModel(choice(), bringing());
    await expectWhole(source, UNET);
    const starts = onStore(UNET).map(({ range }) => Number(/=(\d+)-/.exec(range ?? "")?.[1]));
    expect(starts).toHaveLength(4);
    expect(starts[0]).toBe(0);
    // What the reset swallowed is asked for again, what arrived is not.
    for (const [index, start] of starts.entries()) {
      if (index > 0) expect(start).toBeGreaterThanOrEqual(starts[index - 1] ?? 0);
    }
    expect(starts[3]).toBe(starts[2]);
  });

  test.each([["stall", { stall: 20_000 }] as const, ["drip", { drip: true }] as const])(
    "a connection that brings next to nothing is left (%s)",
    async (_, trouble) => {
      hub.troubles.set(UNET, [trouble]);
      const source = await openModel(choice(), bringing());
      await expectWhole(source, UNET);
      expect(onStore(UNET).length).toBeGreaterThanOrEqual(2);
    },
  );

  test("after too many failures it says so; what arrived is kept for the next try", async () => {
    hub.troubles.set(UNET, [{ reset: 60_000 }, ...Array.from({ length: 4 }, () => ({ status: 500 }))]);
    await expect(openModel(choice(), bringing())).rejects.toMatchObject({ name: "Network" });
    const [partly] = await storedModels();
    expect(partly?.whole).toBe(false);
    await expect(openModel({ kind: "stored", id: partly?.id ?? "" }, bringing())).rejects.toThrow(
      "isn't whole",
    );
    hub.seen.length = 0;
    const source = await openModel(choice(), bringing());
    await expectWhole(source, UNET);
    expect(onStore("text_encoder/model.safetensors")).toEqual([]);
    expect(Number(/=(\d+)-/.exec(onStore(UNET)[0]?.range ?? "")?.[1])).toBeGreaterThan(0);
  });

  test("a server that ignores ranges sends the whole again; only the rest is taken", async () => {
    hub.troubles.set(UNET, [{ reset: 50_000 }, { whole: true }]);
    const source = await openModel(choice(), bringing());
    await expectWhole(source, UNET);
  });

  test.each([
    ["a longer file", { total: 200_001 }, "were announced"],
    ["more bytes", { whole: true, surplus: 5 }, "more of"],
    ["no such range", { status: 416 }, "shorter"],
    ["no file any more", { status: 404 }, "has no unet"],
    ["a strange status", { status: 418 }, "status 418"],
  ])("a wrong answer ends it in a sentence: %s", async (_, trouble, words) => {
    hub.troubles.set(UNET, [trouble]);
    await expect(openModel(choice(), bringing())).rejects.toThrow(words);
  });

  test("a file with another SHA-256 is thrown away, and fetched anew when asked again", async () => {
    hub.listedHash.set(UNET, "00".repeat(32));
    await expect(openModel(choice(), bringing())).rejects.toThrow("SHA-256");
    const [model] = await storedModels();
    expect(model?.whole).toBe(false);
    hub.listedHash.clear();
    hub.seen.length = 0;
    const source = await openModel(choice(), bringing());
    await expectWhole(source, UNET);
    expect(onStore(UNET)[0]?.range).toBe("bytes=0-199999");
  });

  test("what an earlier visit left is part of the SHA-256", async () => {
    hub.troubles.set(UNET, [{ reset: 90_000 }, ...Array.from({ length: 4 }, () => ({ status: 500 }))]);
    await expect(openModel(choice(), bringing())).rejects.toThrow();
    const [model] = await storedModels();
    const files = [...(storage.children.get("models") as FakeFolder).children.values()] as FakeFolder[];
    const largest = [...(files[0]?.children.keys() ?? [])]
      .map((name) => storage.at("models", model?.id ?? "", name))
      .sort((one, other) => other.bytes.length - one.bytes.length)[0];
    if (largest) largest.bytes[5] = (largest.bytes[5] ?? 0) ^ 1;
    await expect(openModel(choice(), bringing())).rejects.toThrow("SHA-256");
  });

  test("changed at its source, a file begins anew", async () => {
    hub.troubles.set(UNET, [{ reset: 90_000 }, ...Array.from({ length: 4 }, () => ({ status: 500 }))]);
    await expect(openModel(choice(), bringing())).rejects.toThrow();
    hub.put(UNET, numbers(150_000, 9));
    hub.seen.length = 0;
    const source = await openModel(choice(), bringing());
    await expectWhole(source, UNET);
    expect(onStore(UNET)[0]?.range).toBe("bytes=0-149999");
  });

  test("gated: without a token and with a wrong one it says what to do, with the right one it comes", async () => {
    hub.token = "secret";
    await expect(openModel(choice(), bringing())).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(openModel(choice({ token: "other" }), bringing())).rejects.toMatchObject({
      name: "AccessDenied",
    });
    hub.seen.length = 0;
    await openModel(choice({ token: "secret" }), bringing());
    const told = (host: string) => hub.seen.filter((seen) => seen.host === host && seen.authorization);
    expect(told("hub").length).toBeGreaterThan(0);
    expect(told("store")).toEqual([]);
    const kept = JSON.stringify([...everyText(storage)]);
    expect(kept).not.toContain("secret");
  });

  test("unknown names, names that lead elsewhere, and repositories without a model", async () => {
    await expect(openModel(choice({ repository: "someone/else" }), bringing())).rejects.toThrow(
      "Check the spelling",
    );
    await expect(openModel(choice({ repository: "a/../b" }), bringing())).rejects.toThrow("owner/name");
    hub.files.clear();
    hub.put("pytorch_model.bin", "x");
    await expect(openModel(choice(), bringing())).rejects.toThrow("pickle");
    hub.files.clear();
    await expect(openModel(choice(), bringing())).rejects.toThrow("no model that can be read");
  });

  test("an answer that is no list of files is told of, without a fresh engine", async () => {
    for (const answer of [
      null,
      {},
      { sha: "a", siblings: [null] },
      { sha: "a", siblings: [{ rfilename: 1 }] },
    ]) {
      vi.spyOn(globalThis, "fetch").mockResolvedValueOnce(Response.json(answer));
      await expect(openModel(choice(), bringing())).rejects.toMatchObject({ name: "Network" });
    }
    const tags = [7, "license:mit"];
    for (const [told, name] of [
      [tags, "mit"],
      ["license:mit", ""],
    ] as const) {
      const listing = { sha: "commit1", tags: told, siblings: [{ rfilename: "m.safetensors", size: 0 }] };
      vi.spyOn(globalThis, "fetch").mockResolvedValueOnce(Response.json(listing));
      await openModel(choice(), bringing()).catch(() => undefined);
      expect((await storedModels()).at(-1)?.licence?.name).toBe(name);
    }
  });

  test("weights in parts, and weights that are pickles only", async () => {
    hub.files.delete(UNET);
    hub.files.delete("unet/diffusion_pytorch_model.safetensors");
    hub.put("unet/diffusion_pytorch_model.bin", "x");
    await expect(openModel(choice(), bringing())).rejects.toThrow("is a pickle");
    const map = { one: "a.safetensors", two: "b.safetensors", three: "../../elsewhere" };
    hub.put("unet/diffusion_pytorch_model.safetensors.index.json", JSON.stringify({ weight_map: map }));
    hub.put("unet/a.safetensors", numbers(1000, 1));
    await expect(openModel(choice(), bringing())).rejects.toThrow("no unet/b.safetensors");
    hub.put("unet/b.safetensors", numbers(2000, 1));
    const source = await openModel(choice(), bringing());
    expect(await source.length("unet/b.safetensors")).toBe(2000);
  });

  test("one file of a repository", async () => {
    hub.files.delete("model_index.json");
    await expect(openModel(choice(), bringing())).rejects.toThrow("no model that can be read");
    hub.put("v1-5.safetensors", numbers(5000, 1));
    hub.put("v1-5-ema.safetensors", numbers(6000, 1));
    await expect(openModel(choice(), bringing())).rejects.toThrow("several models");
    const source = await openModel(choice({ file: "v1-5.safetensors" }), bringing());
    expect(source.name).toBe("v1-5");
    expect(await source.length("model.safetensors")).toBe(5000);
    expect(new TextDecoder().decode(await whole(source, "merges.txt"))).toContain("#version");
  });
});

/** All that is written in the storage as text. */
function* everyText(folder: FakeFolder): Generator<string> {
  for (const child of folder.children.values()) {
    if (child.kind === "directory") yield* everyText(child as FakeFolder);
    else yield new TextDecoder().decode((child as { bytes: Uint8Array }).bytes);
  }
}

describe("the visitor", () => {
  test("pauses, goes on, and each byte comes once", async () => {
    const control = new JobControl();
    const { patience } = bringing();
    let paused = 0;
    const progress = (now: LoadProgress) => {
      if (now.phase === "fetch" && now.bytesLoaded > 60_000 && paused === 0) {
        paused = now.bytesLoaded;
        control.command("pause");
        setTimeout(() => control.command("resume"), 30);
      }
    };
    const source = await openModel(choice(), { control, patience, progress });
    expect(paused).toBeGreaterThan(0);
    await expectWhole(source, UNET);
  });

  test("cancels, and what arrived is there the next time", async () => {
    const control = new JobControl();
    const progress = (now: LoadProgress) => {
      if (now.phase === "fetch" && now.bytesLoaded > 60_000) control.command("cancel");
    };
    const cancelled = openModel(choice(), { ...bringing(control), progress });
    await expect(cancelled).rejects.toBeInstanceOf(Cancelled);
    const [model] = await storedModels();
    expect(model?.bytes).toBeGreaterThan(60_000);
    expect(model?.whole).toBe(false);
  });
});

test("a full disk is said, and what arrived is kept", async () => {
  const source = openModel(choice(), {
    ...bringing(),
    progress: () => {
      const [folder] = (storage.children.get("models") as FakeFolder).children.values();
      for (const file of (folder as FakeFolder).children.values()) {
        if (file.kind === "file") (file as { room: number }).room = 100_000;
      }
    },
  });
  await expect(source).rejects.toMatchObject({ name: "Storage" });
  expect((await storedModels())[0]?.bytes).toBeGreaterThan(100_000);
});

test("a browser that keeps no files reads from the source itself", async () => {
  vi.stubGlobal("navigator", {
    storage: { getDirectory: () => Promise.reject(new DOMException("no", "SecurityError")) },
  });
  const source = await openModel(choice(), bringing());
  hub.troubles.set(UNET, [{ reset: 10 }]);
  expect(await source.read(UNET, 1000, 3000)).toEqual(hub.files.get(UNET)?.subarray(1000, 3000));
  expect(onStore(UNET).every(({ range }) => /bytes=1\d\d\d-2999/.test(range ?? ""))).toBe(true);
});
