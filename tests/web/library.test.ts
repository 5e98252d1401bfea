import "fake-indexeddb/auto";
import { openDB } from "idb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AdapterReport } from "../../web/engine/contract";
import { faultError } from "../../web/engine/fault";
import { model } from "../../web/features/models/model";

const fakeEngine = vi.hoisted(() => ({ next: 1, refused: "" }));

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  whenEngineCloses: () => undefined,
  engine: () => ({
    addAdapter: async (_: Uint8Array, fileName: string) => {
      if (fileName === fakeEngine.refused) throw faultError("BadFile", "It belongs to another model.");
      const placeholder = `<${fileName}>`;
      return {
        id: fakeEngine.next++,
        name: fileName,
        placeholder,
        placeholders: [placeholder],
      } as AdapterReport;
    },
    exportAdapter: async () => Uint8Array.of(1, 2, 3),
    removeAdapter: async () => undefined,
  }),
}));

const adapters = await import("../../web/features/adapters/library");
const { library } = adapters;

const trained = (name: string) =>
  adapters.keepTrained({
    id: 7,
    name,
    placeholder: `<${name}>`,
    placeholders: [`<${name}>`],
  } as AdapterReport);

/** As after a reload: nothing but the storage. */
async function reload(): Promise<void> {
  library.value = [];
  await adapters.bringBack();
}

const names = () => library.value.map(({ fileName }) => fileName);

beforeEach(() => {
  const sizes = { resolution: 128, latentSize: 16, parameters: 1, pictureBytes: 1 };
  model.value = { state: "ready", report: { name: "demo", defaultSteps: 25, ...sizes } };
});

afterEach(async () => {
  vi.restoreAllMocks();
  fakeEngine.refused = "";
  await reload();
  for (const entry of library.value) await adapters.remove(entry);
  for (const { key } of adapters.damaged.value) await adapters.removeDamaged(key);
  adapters.storageFault.value = undefined;
});

describe("adapters after a reload", () => {
  test("are there with their files, in their order, with what was set", async () => {
    const first = await trained("my-dog");
    await trained("my-mug");
    adapters.update(first.key, { strength: 0.7, active: false, saved: true });
    expect(adapters.hasUnsaved.value).toBe(false);
    await vi.waitFor(async () => {
      await reload();
      expect(library.value[0]).toMatchObject({ strength: 0.7, active: false, saved: true });
    });
    expect(names()).toEqual(["my-dog.safetensors", "my-mug.safetensors"]);
    expect(library.value[0]?.bytes).toEqual(Uint8Array.of(1, 2, 3));
    // Twice changes nothing but the engine's numbers.
    await adapters.bringBack();
    expect(names()).toEqual(["my-dog.safetensors", "my-mug.safetensors"]);
  });

  test("that were removed stay away", async () => {
    await adapters.remove(await trained("my-dog"));
    await reload();
    expect(names()).toEqual([]);
  });

  test("that the engine refuses keep no other one away, and can be deleted", async () => {
    await trained("my-dog");
    await trained("my-mug");
    fakeEngine.refused = "my-dog.safetensors";
    await reload();
    expect(names()).toEqual(["my-mug.safetensors"]);
    const [refused] = adapters.damaged.value;
    expect(refused).toMatchObject({ fileName: "my-dog.safetensors", fault: { kind: "BadFile" } });
    await adapters.removeDamaged(refused?.key ?? "");
    fakeEngine.refused = "";
    await reload();
    expect(names()).toEqual(["my-mug.safetensors"]);
  });

  test("that are damaged in the storage are told", async () => {
    const entry = await trained("my-dog");
    const database = await openDB("palpable-adapters");
    await database.delete("files", entry.key);
    database.close();
    await reload();
    expect([names(), adapters.damaged.value.map(({ key }) => key)]).toEqual([[], [entry.key]]);
  });
});

test("a full storage: a sentence, and the adapter can be used and is said to be unsaved", async () => {
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const entry = await trained("my-dog");
  expect(entry.kept).toBe(false);
  expect(names()).toEqual(["my-dog.safetensors"]);
  expect(adapters.hasUnsaved.value).toBe(true);
  expect(adapters.storageFault.value).toEqual({
    kind: "Storage",
    message: expect.stringContaining("no room left"),
  });
});

test("an adapter of several things goes by all its words", async () => {
  const report = { name: "pair", placeholder: "<my-dog>", placeholders: ["<my-dog>", "<my-cat>"] };
  expect(adapters.knownAs(report as AdapterReport)).toBe("<my-dog> and <my-cat>");
  expect(adapters.knownAs({ name: "ink", placeholders: [] as string[] } as AdapterReport)).toBe("ink");
  await adapters.keepTrained(report as AdapterReport);
  expect(adapters.placeholders.value).toEqual(["<my-dog>", "<my-cat>"]);
});
