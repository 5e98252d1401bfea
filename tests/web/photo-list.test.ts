/** A sample's photos on their way, and its thumbnail, which shows at once. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UNDO_SECONDS, undo, undoable } from "../../web/app/undo";
import { PhotoList } from "../../web/features/personalize/photo-list";
import { type SampleSubject, samples } from "../../web/features/personalize/samples";
import { png } from "./png";

const [cat, dog] = samples as [SampleSubject, SampleSubject, ...SampleSubject[]];
const fetched = vi.fn();

beforeEach(() => {
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("createImageBitmap", async () => ({ width: 256, height: 256, close: () => undefined }));
  fetched.mockImplementation(async () => new Response(png()));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

const names = (list: PhotoList) => list.photos.value.map(({ name }) => name);

describe("photos of a sample", () => {
  test("are fetched when it is quiet; until they are there, their number is known", async () => {
    const list = new PhotoList();
    let quiet = () => {};
    const chosen = list.chooseSample(dog, new Promise((resolve) => (quiet = resolve)));
    await Promise.resolve();
    expect([list.sample.value, list.awaited.value, fetched.mock.calls]).toEqual([dog, 5, []]);
    quiet();
    await chosen;
    expect([list.awaited.value, list.photos.value.length]).toEqual([0, 5]);
    expect(fetched.mock.calls.flat()).toEqual(dog.images);
    for (const photo of list.photos.value) list.remove(photo);
    expect(list.awaited.value).toBe(0);
  });

  test("are not fetched at all where another was chosen meanwhile", async () => {
    const list = new PhotoList();
    let quiet = () => {};
    const first = list.chooseSample(dog, new Promise((resolve) => (quiet = resolve)));
    const second = list.chooseSample(cat);
    quiet();
    await Promise.all([first, second]);
    expect(fetched.mock.calls.flat()).toEqual(cat.images);
    expect(names(list)[0]).toBe("Sample cat, photo 1");
    expect(list.awaited.value).toBe(0);
  });

  test("that is chosen once more come once: none that was removed comes back", async () => {
    const list = new PhotoList();
    const first = list.chooseSample(dog);
    const second = list.chooseSample(dog);
    await first;
    expect(list.photos.value).toEqual([]);
    await second;
    const third = list.chooseSample(dog);
    expect([list.awaited.value, list.photos.value]).toEqual([5, []]);
    await third;
    const [photo] = list.photos.value;
    if (!photo) throw new Error("no photo");
    list.remove(photo);
    await new Promise((resolve) => setTimeout(resolve));
    expect(names(list)).toHaveLength(4);
  });

  test("take the place of one's own photos, those that are being read too", async () => {
    const list = new PhotoList();
    const added = list.addFiles([new File([png()], "mine"), new File([png()], "mine too")]);
    await Promise.all([added, list.chooseSample(cat)]);
    expect(names(list)).toHaveLength(5);
    expect([names(list)[0], list.opening.value]).toEqual(["Sample cat, photo 1", undefined]);
    // One that turns out to be no photo is no problem of the sample's.
    const broken = list.addFiles([new File(["?"], "broken")]);
    await Promise.all([broken, list.chooseSample(cat)]);
    expect([names(list).length, list.problems.value]).toEqual([5, []]);
  });

  test("stay until a photo of one's own can be used, and no other of these is lost then", async () => {
    const list = new PhotoList();
    await list.chooseSample(dog);
    await list.addFiles([new File(["?"], "broken")]);
    expect([list.sample.value, names(list).length, list.problems.value.length]).toEqual([dog, 5, 1]);
    const mine = list.addFiles([new File(["?"], "broken"), new File([png()], "mine")]);
    await Promise.all([mine, list.addFiles([new File([png()], "mine too")])]);
    expect([list.sample.value, names(list).sort()]).toEqual([undefined, ["mine", "mine too"]]);
  });

  test("that can't be fetched are not waited for any longer", async () => {
    fetched.mockRejectedValue(new TypeError("no network"));
    const list = new PhotoList();
    await list.chooseSample(dog);
    expect([list.awaited.value, list.problems.value.length]).toEqual([0, 1]);
  });
});

describe("a removed photo", () => {
  test("is back in its place, open", async () => {
    const list = new PhotoList();
    await list.chooseSample(dog);
    const before = list.photos.value;
    const [, second] = before;
    if (!second) throw new Error("no second photo");
    const close = vi.spyOn(second.bitmap, "close");
    list.remove(second);
    expect(names(list)).not.toContain(second.name);
    await undo();
    expect(list.photos.value).toEqual(before);
    expect(close).not.toHaveBeenCalled();
  });

  test("is closed after some seconds, and at once where others take its place", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const list = new PhotoList();
    await list.chooseSample(dog);
    const [first, second] = list.photos.value;
    if (!first || !second) throw new Error("no photos");
    const closed = [vi.spyOn(first.bitmap, "close"), vi.spyOn(second.bitmap, "close")];
    list.remove(first);
    vi.advanceTimersByTime(UNDO_SECONDS * 1000);
    expect(closed.map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
    list.remove(second);
    await list.chooseSample(cat);
    expect(closed.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect(undoable.value).toBeUndefined();
    await undo();
    expect(names(list)).toHaveLength(5);
  });
});

test.each(samples)("the thumbnail of the $name is there and small", ({ thumbnail }) => {
  const file = fs.readFileSync(path.join("web/public", thumbnail));
  expect(file.toString("latin1", 8, 12)).toBe("WEBP");
  expect(file.length).toBeLessThan(6000);
});
