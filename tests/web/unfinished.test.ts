import { beforeEach, describe, expect, test, vi } from "vitest";
import type { TrainingSettings } from "../../web/engine/contract/training";
import { decodeRun, encodeRun, type RunFile } from "../../web/engine/run-file";
import { lockName } from "../../web/engine/run-folder";
import { RunKeeper, readRun } from "../../web/engine/worker/run-store";
import {
  discard,
  discardUnfinished,
  findUnfinished,
  unfinished,
} from "../../web/features/personalize/unfinished";
import { type FakeFolder, fakeStorage } from "./fake-opfs";

const FOLDER = "unfinished-trainings";

const run = (step: number, id = "a"): RunFile => ({
  facts: {
    id,
    savedAt: 1000 + step,
    step,
    settings: { placeholder: "<my-dog>", steps: 100 } as TrainingSettings,
    previews: null,
    scores: [],
    photoVectors: null,
    every: 25,
    model: "demo",
    records: Array.from({ length: step }, (_, index) => ({
      step: index + 1,
      steps: 100,
      loss: 0.1 + index,
      personalizationLoss: 0.1,
      alignmentRatio: 0,
      embeddingNorm: 1,
      seconds: 1,
    })),
  },
  checkpoint: Uint8Array.from({ length: 1000 }, (_, index) => (index * step) % 251),
});

let storage: FakeFolder;
beforeEach(() => {
  storage = fakeStorage();
  unfinished.value = [];
});

describe("the file of a run", () => {
  test("comes back as it was, numbers and state", async () => {
    expect(await decodeRun(await encodeRun(run(50)))).toEqual(run(50));
  });

  test("cut off anywhere or with any byte changed, it is none", async () => {
    const file = await encodeRun(run(2));
    for (const length of [0, 7, 12, 40, file.length - 33, file.length - 1]) {
      expect(await decodeRun(file.slice(0, length))).toBeUndefined();
    }
    for (const at of [0, 9, 30, file.length - 500, file.length - 1]) {
      const changed = file.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await decodeRun(changed)).toBeUndefined();
    }
  });

  test("of another version's facts, it is none", async () => {
    const { checkpoint, facts } = run(2);
    const other = { ...facts, settings: {} as TrainingSettings };
    expect(await decodeRun(await encodeRun({ facts: other, checkpoint }))).toBeUndefined();
  });
});

describe("keeping", () => {
  test("two states lie side by side, and the latest is read", async () => {
    const keeper = new RunKeeper("a");
    for (const step of [25, 50, 75]) expect(await keeper.keep(run(step))).toBeUndefined();
    expect(await readRun("a")).toEqual(run(75));
    const steps = await Promise.all(
      ["one.run", "two.run"].map(
        async (slot) => (await decodeRun(storage.at(FOLDER, "a", slot).bytes))?.facts.step,
      ),
    );
    expect(steps).toEqual([75, 50]);
  });

  test("killed in the middle of a write, the state before is whole, and the next write spares it", async () => {
    const keeper = new RunKeeper("a");
    await keeper.keep(run(25));
    await keeper.keep(run(50));
    const torn = storage.at(FOLDER, "a", "one.run");
    torn.bytes = (await encodeRun(run(75))).slice(0, 500);
    expect(await readRun("a")).toEqual(run(50));
    // A visit later.
    await new RunKeeper("a").keep(run(60));
    expect((await decodeRun(storage.at(FOLDER, "a", "two.run").bytes))?.facts.step).toBe(50);
    expect(await readRun("a")).toEqual(run(60));
  });

  test("a full disk is said, costs nothing that was kept, and may have room again", async () => {
    const keeper = new RunKeeper("a");
    await keeper.keep(run(25));
    await keeper.keep(run(50));
    storage.at(FOLDER, "a", "one.run").room = 100;
    expect(await keeper.keep(run(75))).toBe("full");
    expect(await readRun("a")).toEqual(run(50));
    storage.at(FOLDER, "a", "one.run").room = 1e9;
    expect(await keeper.keep(run(80))).toBeUndefined();
    expect(await readRun("a")).toEqual(run(80));
  });

  test("a clock set back a year between two states: the later step is the later state all the same", async () => {
    const keeper = new RunKeeper("a");
    await keeper.keep(run(50));
    const later = run(75);
    later.facts.savedAt -= 31_536_000_000;
    await keeper.keep(later);
    expect((await readRun("a"))?.facts.step).toBe(75);
    // The older one is written over, not the one that the clock calls older.
    await new RunKeeper("a").keep(run(100));
    expect((await readRun("a"))?.facts.step).toBe(100);
    expect((await decodeRun(storage.at(FOLDER, "a", "two.run").bytes))?.facts.step).toBe(75);
  });

  test("a browser that keeps no files says so", async () => {
    vi.stubGlobal("navigator", {
      storage: { getDirectory: () => Promise.reject(new DOMException("no", "SecurityError")) },
    });
    expect(await new RunKeeper("a").keep(run(25))).toBe("unavailable");
    await findUnfinished();
    expect(unfinished.value).toEqual([]);
  });
});

describe("the next visit", () => {
  test("finds what is unfinished, the latest first, and what is damaged; not what another tab trains", async () => {
    storage = fakeStorage([lockName("busy")]);
    await new RunKeeper("old").keep(run(25, "old"));
    await new RunKeeper("new").keep(run(50, "new"));
    await new RunKeeper("busy").keep(run(75, "busy"));
    await new RunKeeper("bad").keep(run(25, "bad"));
    storage.at(FOLDER, "bad", "one.run").bytes = new Uint8Array(3);
    await findUnfinished();
    expect(unfinished.value.map(({ id, facts }) => [id, facts?.step])).toEqual([
      ["new", 50],
      ["old", 25],
      ["bad", undefined],
    ]);
  });

  test("is not led astray by what else lies in the folder", async () => {
    await new RunKeeper("good").keep(run(25, "good"));
    const folder = storage.children.get(FOLDER) as FakeFolder;
    await folder.getFileHandle("a file in a run's place", { create: true });
    await folder.getDirectoryHandle("an empty run", { create: true });
    const odd = await folder.getDirectoryHandle("folders in the slots' place", { create: true });
    await odd.getDirectoryHandle("one.run", { create: true });
    await findUnfinished();
    expect(unfinished.value.map(({ id, facts }) => [id, facts?.step])).toEqual([
      ["good", 25],
      ["an empty run", undefined],
      ["folders in the slots' place", undefined],
    ]);
  });

  test("discarded, every trace is gone; again, nothing is wrong", async () => {
    await new RunKeeper("a").keep(run(25));
    await findUnfinished();
    await discard("a");
    expect(unfinished.value).toEqual([]);
    expect(storage.children.get(FOLDER)).toMatchObject({ children: new Map() });
    await discard("a");
  });

  test("continued by another tab meanwhile, a discarded one only goes from the list", async () => {
    await new RunKeeper("a").keep(run(25));
    await findUnfinished();
    vi.spyOn(navigator.locks, "query").mockResolvedValue({ held: [{ name: lockName("a") }] });
    await discardUnfinished("a");
    expect([unfinished.value, await readRun("a")]).toEqual([[], run(25)]);
  });
});
