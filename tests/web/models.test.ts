import { beforeEach, describe, expect, test, vi } from "vitest";
import type { LoadedModel, LoadProgress, OfferedChoice } from "../../web/engine/api";
import type { ModelReport } from "../../web/engine/contract/models";
import { faultError } from "../../web/engine/fault";
import type { ModelChoice, ModelOffer } from "../../web/engine/model-choice";
import { type FakeFolder, fakeStorage } from "./fake-opfs";
import { stubStorage } from "./fake-storage";

type Load = (choice: ModelChoice, progress: (now: LoadProgress) => void) => Promise<LoadedModel | null>;

const fake = vi.hoisted(() => ({ load: undefined as unknown, commands: [] as string[] }));

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  whenEngineCloses: () => undefined,
  engine: () => ({
    loadModel: fake.load,
    command: (_job: string, command: string) => fake.commands.push(command),
  }),
}));

const kept = stubStorage();

const { choice, DEMO, fetching, loadModel, model, pauseFetch } = await import(
  "../../web/features/models/model"
);
const { look, use } = await import("../../web/features/models/manager");
const { choiceOf } = await import("../../web/features/models/picked-model");

const report = (name: string) => ({ name, resolution: 512 }) as ModelReport;
const loads = (load: Load) => {
  fake.load = load;
};
const HUB: OfferedChoice = { kind: "hub", repository: "a/b", revision: "main", token: "secret" };
const FETCH: LoadProgress = { phase: "fetch", bytesLoaded: 1, bytesTotal: 2 };
const UPLOAD: LoadProgress = { phase: "upload", bytesLoaded: 1, bytesTotal: 2 };

beforeEach(() => {
  fakeStorage();
  kept.clear();
  fake.commands = [];
  choice.value = DEMO;
  look.value = { state: "offered", choice: HUB, offer: {} as ModelOffer };
  model.value = { state: "ready", report: report("demo") };
});

describe("another model", () => {
  test("while it is fetched the one in use stays, then it takes its place, without the token", async () => {
    loads(async (_, progress) => {
      progress(FETCH);
      expect(model.value).toMatchObject({ state: "ready", report: { name: "demo" } });
      expect(fetching.value).toMatchObject({ name: "b", bytesLoaded: 1, paused: false });
      pauseFetch(true);
      progress(FETCH);
      expect(fetching.value?.paused).toBe(true);
      progress(UPLOAD);
      expect(model.value.state).toBe("loading");
      return { report: report("b"), storedId: "4f" };
    });
    await use(HUB, "b");
    expect(model.value).toMatchObject({ state: "ready", report: { name: "b" } });
    expect(look.value.state).toBe("none");
    expect(choice.value).toEqual({ kind: "stored", id: "4f" });
    expect(fetching.value).toBeUndefined();
    expect(fake.commands).toEqual(["pause"]);
    expect([...kept]).toEqual([["palpable-model", "4f"]]);
  });

  test("the next visit begins with the stored model that was in use", async () => {
    kept.set("palpable-model", "4f");
    vi.resetModules();
    const nextVisit = await import("../../web/features/models/model");
    expect(nextVisit.choice.value).toEqual({ kind: "stored", id: "4f" });
  });

  test("its fetch stopped or failed, the one in use stays in use", async () => {
    loads(async (_, progress) => {
      progress(FETCH);
      return null;
    });
    await use(HUB, "b");
    expect(model.value).toMatchObject({ state: "ready", report: { name: "demo" } });
    // It stays on offer, to go on with.
    expect(look.value.state).toBe("offered");
    loads(async (_, progress) => {
      progress(FETCH);
      throw faultError("Network", "It broke.");
    });
    await expect(loadModel(HUB)).rejects.toThrow("It broke.");
    expect(model.value).toMatchObject({ state: "ready", report: { name: "demo" } });
    expect(choice.value).toEqual(DEMO);
  });

  test("failed on its way to the GPU, it is what may be tried again", async () => {
    loads(async (_, progress) => {
      progress(UPLOAD);
      throw faultError("BadFile", "It is damaged.");
    });
    await expect(loadModel({ kind: "stored", id: "4f" })).rejects.toThrow();
    expect(model.value).toMatchObject({ state: "fault", fault: { message: "It is damaged." } });
    expect(choice.value).toEqual({ kind: "stored", id: "4f" });
  });

  test("back to the demo model, the next visit begins with it again", async () => {
    kept.set("palpable-model", "4f");
    loads(async () => ({ report: report("demo"), storedId: null }));
    await loadModel(DEMO);
    expect([...kept]).toEqual([]);
  });
});

describe("picked files", () => {
  const picked = (...paths: string[]) =>
    paths.map((path) => ({ path, file: new File([], path.split("/").at(-1) ?? "") }));
  const paths = (...names: string[]) => choiceOf(picked(...names), true)?.files.map(({ path }) => path);

  test("a folder's model, wherever in it, without what is no part of one", () => {
    const choice = choiceOf(
      picked("down/sd/model_index.json", "down/sd/unet/config.json", "down/photo.png", "down/note.txt"),
      false,
    );
    expect(choice).toMatchObject({ kind: "files", name: "sd", keep: false });
    expect(choice?.files.map(({ path }) => path)).toEqual(["model_index.json", "unet/config.json"]);
  });

  test("a checkpoint alone or beside other things, and nothing at all", () => {
    expect(paths("x.safetensors")).toEqual(["x.safetensors"]);
    expect(paths("folder/x.safetensors", "folder/readme.txt")).toEqual(["folder/x.safetensors"]);
    expect(paths("x.ckpt")).toEqual(["x.ckpt"]);
    expect(paths("a.png", "b.json")).toBeUndefined();
  });
});

describe("the storage", () => {
  test("lists what is there, damaged or not, the latest used first, and deletes all of it", async () => {
    const root = fakeStorage();
    const put = async (id: string, name: string, text: string) => {
      const models = await root.getDirectoryHandle("models", { create: true });
      const folder = (await models.getDirectoryHandle(id, { create: true })) as FakeFolder;
      const file = (await folder.getFileHandle(name, { create: true })) as { bytes: Uint8Array };
      file.bytes = new TextEncoder().encode(text);
    };
    const files = [{ path: "unet", bytes: 8, whole: true }];
    await put(
      "old",
      "manifest.json",
      JSON.stringify({ format: 1, name: "one", from: "a/b", licence: null, files }),
    );
    await put("old", "0.bin", "12345678");
    await put("old", "used", "5000");
    await put("bad", "manifest.json", `{"format": 1, "fil`);
    await put("bad", "0.bin", "123");
    const { fault, refresh, remove, stored } = await import("../../web/features/models/manager");
    const { choice } = await import("../../web/features/models/model");
    const { pendingCalls } = await import("../../web/engine/client");
    await refresh();
    expect(stored.value).toMatchObject([
      { id: "old", name: "one", whole: true, usedAt: 5000, bytesTotal: 8 },
      { id: "bad", whole: false, bytesTotal: 0 },
    ]);
    expect(stored.value?.[1]?.bytes).toBeGreaterThan(3);
    await remove("bad");
    // In use, and at work: it stays.
    choice.value = { kind: "stored", id: "old" };
    kept.set("palpable-model", "old");
    pendingCalls.value = 1;
    await remove("old");
    expect([stored.value?.length, fault.value?.kind]).toEqual([1, "BadSettings"]);
    pendingCalls.value = 0;
    loads(async () => Promise.reject(faultError("Network", "away")));
    await remove("old");
    expect(stored.value).toEqual([]);
    expect([...kept]).toEqual([]);
    expect(root.children.get("models")).toMatchObject({ children: new Map() });
  });
});
