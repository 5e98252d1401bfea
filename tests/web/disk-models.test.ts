/** Models that lie on this device's disk, from one visit to the next. */
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { LoadedModel } from "../../web/engine/api";
import type { ModelReport } from "../../web/engine/contract/models";
import type { FilesChoice, ModelChoice } from "../../web/engine/model-choice";
import type { ReadAgain } from "../../web/features/models/disk-models";
import { asHandle, FakeDirectoryHandle, type FakeFileHandle, fileHandle } from "./fake-handles";
import { fakeStorage } from "./fake-opfs";
import { stubStorage } from "./fake-storage";

const fake = vi.hoisted(() => ({
  opened: [] as (() => Promise<void>)[],
  loaded: [] as unknown[],
  looked: [] as unknown[],
  lacks: [] as string[],
  /** Why a model can't complete another. */
  misfit: undefined as string | undefined,
}));

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: (step: () => Promise<void>) => fake.opened.push(step),
  whenEngineCloses: () => undefined,
  engine: () => ({
    setMemoryLimit: async () => undefined,
    setWideActivations: async () => undefined,
    loadModel: async (choice: ModelChoice): Promise<LoadedModel> => {
      fake.loaded.push(choice);
      const storedId = (choice as FilesChoice).keep ? "4f" : null;
      return { report: { name: "tiny" } as ModelReport, storedId };
    },
    describeModel: async (choice: ModelChoice) => {
      fake.looked.push(choice);
      if (fake.misfit) throw new Error(fake.misfit);
      return { lacks: fake.lacks };
    },
  }),
}));
vi.mock("../../web/app/announce", () => ({ announce: () => undefined }));

const kept = stubStorage();
// A browser's database keeps handles; Node has none to copy.
vi.stubGlobal("structuredClone", (value: unknown) => value);

/** The page's modules as a fresh visit has them. */
async function visit() {
  vi.resetModules();
  fake.opened = [];
  fake.loaded = [];
  fake.looked = [];
  return {
    ...(await import("../../web/features/models/model")),
    ...(await import("../../web/features/models/manager")),
    ...(await import("../../web/features/models/disk-models")),
    ...(await import("../../web/features/models/picked-model")),
    ...(await import("../../web/ui/picked-files")),
  };
}
type Visit = Awaited<ReturnType<typeof visit>>;

const open = async () => {
  for (const step of fake.opened) await step();
};

async function pick({ fromHandle, choiceOf }: Visit, handle: FakeFileHandle | FakeDirectoryHandle) {
  const choice = choiceOf(await fromHandle(asHandle(handle)), false);
  if (!choice) throw new Error("There is no model.");
  return choice;
}

/** A visit that used the model without a copy. */
async function useOnce(handle: FakeFileHandle | FakeDirectoryHandle, more: Partial<FilesChoice> = {}) {
  const now = await visit();
  await now.use({ ...(await pick(now, handle)), ...more }, "tiny");
  return now;
}

const names = (choice: unknown) => (choice as FilesChoice).files.map(({ path }) => path);

beforeEach(async () => {
  kept.clear();
  fakeStorage();
  const now = await visit();
  await now.refresh();
  for (const known of now.onDisk.value) await now.forget(known);
});

describe("a model of this device's disk", () => {
  test("is listed once it was used, once for each place, the latest used first", async () => {
    const first = fileHandle("first.safetensors", "12345");
    const now = await useOnce(first);
    await now.use(await pick(now, fileHandle("second.safetensors")), "second");
    vi.spyOn(Date, "now").mockReturnValueOnce(Date.now() + 1000);
    await now.use(await pick(now, first), "first");
    expect(now.onDisk.value).toMatchObject([{ name: "first", bytes: 5 }, { name: "second" }]);
    expect(now.onDisk.value.map(({ id }) => now.isInUseFromDisk(id))).toEqual([true, false]);
  });

  test("that was copied, or came without a handle, is not", async () => {
    const now = await visit();
    const { handle: _, ...files } = await pick(now, fileHandle("x.safetensors"));
    await now.use(files, "x");
    expect(kept.size).toBe(0);
    await now.use({ ...(await pick(now, fileHandle("x.safetensors"))), keep: true }, "x");
    expect([...kept.values()]).toEqual(["4f"]);
    expect(now.onDisk.value).toEqual([]);
  });

  test("in a folder is read again with what it takes from a stored model", async () => {
    const unet = new FakeDirectoryHandle("unet", [fileHandle("config.json")]);
    const folder = new FakeDirectoryHandle("sd", [fileHandle("model_index.json"), unet, fileHandle("a.png")]);
    const completion = { id: "4f", parts: ["vae"] };
    const now = await useOnce(new FakeDirectoryHandle("down", [folder]), { completion });
    const [known] = now.onDisk.value;
    expect(known).toMatchObject({ name: "sd", handle: { name: "down" } });
    const { choice, changed } = (known && (await now.readAgain(known))) as ReadAgain;
    expect(choice).toMatchObject({ name: "sd", keep: false, completion });
    expect(names(choice)).toEqual(["model_index.json", "unet/config.json"]);
    expect(changed).toBe(false);
  });
});

describe("the next visit", () => {
  test("begins with it where it may be read without a question", async () => {
    const handle = fileHandle("tiny.safetensors");
    await useOnce(handle);
    const next = await visit();
    await open();
    expect(fake.loaded).toMatchObject([{ kind: "files", name: "tiny.safetensors" }]);
    expect(next.lastOnDisk.value).toBeUndefined();
    expect(handle.asked).toBe(0);
    // A fresh engine of the same visit takes what is in use by then.
    await next.loadDemoModel();
    await open();
    expect(fake.loaded.at(-1)).toEqual(next.DEMO);
  });

  test.each([
    ["may be read after a question alone", (handle: FakeFileHandle) => (handle.permission = "prompt")],
    ["has changed", (handle: FakeFileHandle) => (handle.file = new File(["else"], handle.name))],
    ["is gone", (handle: FakeFileHandle) => (handle.file = undefined)],
  ])("offers it beside the demo model where it %s, until it is answered", async (_, change) => {
    const handle = fileHandle("tiny.safetensors");
    await useOnce(handle);
    change(handle);
    for (let visits = 0; visits < 2; visits += 1) {
      const next = await visit();
      await open();
      expect(fake.loaded).toEqual([next.DEMO]);
      expect(next.lastOnDisk.value).toMatchObject({ name: "tiny" });
      expect(handle.asked).toBe(0);
    }
    const last = await visit();
    await open();
    last.forgetLast();
    expect(last.lastOnDisk.value).toBeUndefined();
    const after = await visit();
    await open();
    expect(after.lastOnDisk.value).toBeUndefined();
    await after.refresh();
    expect(after.onDisk.value).toHaveLength(1);
  });

  test("uses it again by a press, when the visitor lets it be read", async () => {
    const handle = fileHandle("tiny.safetensors");
    await useOnce(handle);
    handle.permission = "prompt";
    const next = await visit();
    await open();
    const known = next.lastOnDisk.value;
    expect(known && (await next.useFromDisk(known))).toBeUndefined();
    expect(handle.asked).toBe(1);
    expect(names(fake.loaded.at(-1))).toEqual(["tiny.safetensors"]);
    expect(next.lastOnDisk.value).toBeUndefined();
    expect(next.isInUseFromDisk(known?.id ?? "")).toBe(true);
  });
});

describe("used again in vain", () => {
  async function inVain(change: (handle: FakeFileHandle) => void) {
    const handle = fileHandle("tiny.safetensors");
    await useOnce(handle);
    change(handle);
    const next = await visit();
    await open();
    await next.refresh();
    const [known] = next.onDisk.value;
    if (!known) throw new Error("It is not listed.");
    fake.loaded = [];
    const fault = await next.useFromDisk(known);
    expect(fault?.kind).toBe("LocalFile");
    expect(next.diskTrouble.value).toEqual({ id: known.id, fault });
    expect(fake.loaded).toEqual([]);
    return { next, known, message: fault?.message };
  }

  test("refused, it says so", async () => {
    const { message } = await inVain((handle) => {
      handle.permission = "prompt";
      handle.answer = "denied";
    });
    expect(message).toContain("doesn't let the page read tiny");
  });

  test("gone, it says so, and can be forgotten", async () => {
    const { message, next, known } = await inVain((handle) => {
      handle.file = undefined;
    });
    expect(message).toContain("tiny isn't where it was");
    await next.forget(known);
    expect(next.onDisk.value).toEqual([]);
    expect(next.diskTrouble.value).toBeUndefined();
    expect(next.lastOnDisk.value).toBeUndefined();
    expect(kept.size).toBe(0);
  });

  test("changed, it is looked at before it is used, and then is what it has become", async () => {
    const { message, next, known } = await inVain((handle) => {
      handle.file = new File(["larger than before"], handle.name);
    });
    expect(message).toContain("tiny has changed");
    expect(names(fake.looked.at(-1))).toEqual(["tiny.safetensors"]);
    await next.use(fake.looked.at(-1) as FilesChoice, "tiny");
    expect(next.diskTrouble.value).toBeUndefined();
    expect(next.onDisk.value).toMatchObject([{ id: known.id, bytes: 18 }]);
    expect(await next.readAgain(next.onDisk.value[0] ?? known)).toMatchObject({ changed: false });
  });

  test("forgotten while in use, it stays in use and no later load remembers it", async () => {
    const now = await useOnce(fileHandle("tiny.safetensors"));
    const [known] = now.onDisk.value;
    if (known) await now.forget(known);
    await now.reloadModel();
    expect(fake.loaded).toHaveLength(2);
    await now.refresh();
    expect(now.onDisk.value).toEqual([]);
    expect(kept.size).toBe(0);
  });
});

describe("while a model is on its way", () => {
  test("another one that was looked at stays on offer", async () => {
    const now = await visit();
    const first = await pick(now, fileHandle("first.safetensors"));
    const second = await pick(now, fileHandle("second.safetensors"));
    await now.lookAt(first);
    const using = now.use(first, "first");
    await now.lookAt(second);
    await using;
    expect(now.look.value).toMatchObject({ state: "offered", choice: second });
    await now.use(second, "second");
    expect(now.look.value).toEqual({ state: "none" });
  });
});

describe("a checkpoint that lacks something", () => {
  test("stays on offer where the model that should complete it doesn't fit, and becomes whole where it does", async () => {
    const now = await visit();
    const choice = await pick(now, fileHandle("unet.safetensors"));
    fake.lacks = ["vae", "tokenizer"];
    await now.lookAt(choice);
    const shown = now.look.value;
    if (shown.state !== "offered") throw new Error("It is not offered.");
    fake.misfit = "They are of different models.";
    const fault = await now.complete(choice, shown.offer, "4f");
    expect(fault?.message).toBe("They are of different models.");
    expect(now.look.value).toBe(shown);
    fake.misfit = undefined;
    fake.lacks = [];
    expect(await now.complete(choice, shown.offer, "4f")).toBeUndefined();
    const completion = { id: "4f", parts: ["vae", "tokenizer"] };
    expect(now.look.value).toMatchObject({ state: "offered", choice: { completion }, offer: { lacks: [] } });
  });
});
