/** Bytes of files, taken in by a thread of their own: what becomes of them where the thread fails, and when it ends. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { numbers } from "./fake-hub";

const MEGABYTE = 1 << 20;
const bytes = numbers(5 * MEGABYTE, 3);
const file = new Blob([bytes]);

/** Answers as `file-reader.ts` does, or as a test wants it to. */
class FakeWorker {
  static started: FakeWorker[] = [];
  static answer: (piece: Blob) => Promise<ArrayBuffer | null> | "dies" = (piece) => piece.arrayBuffer();
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onerror: (() => void) | undefined;
  asked: number[] = [];
  ended = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    FakeWorker.started.push(this);
  }

  postMessage(piece: Blob): void {
    this.asked.push(piece.size);
    const answer = FakeWorker.answer(piece);
    if (answer === "dies") queueMicrotask(() => this.onerror?.());
    else this.#last = this.#last.then(async () => this.onmessage?.({ data: await answer }));
  }

  terminate(): void {
    this.ended = true;
  }
}

let fileBytes: typeof import("../../web/engine/worker/sources/file-bytes").fileBytes;

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("location", new URL("https://palpable.example/"));
  FakeWorker.started = [];
  FakeWorker.answer = (piece) => piece.arrayBuffer();
  ({ fileBytes } = await import("../../web/engine/worker/sources/file-bytes"));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const same = (found: Uint8Array, start: number, end: number) =>
  Buffer.compare(found, bytes.subarray(start, end)) === 0;

test("large pieces come by one thread, each to whoever asked for it; small ones need none", async () => {
  expect(same(await fileBytes(file, 10, 2000), 10, 2000)).toBe(true);
  expect(FakeWorker.started).toEqual([]);
  const ranges = [
    [0, 2 * MEGABYTE],
    [7, MEGABYTE + 7],
    [3 * MEGABYTE, 9 * MEGABYTE],
  ] as const;
  const found = await Promise.all(ranges.map(([start, end]) => fileBytes(file, start, end)));
  for (const [index, [start, end]] of ranges.entries()) {
    expect(same(found[index] ?? new Uint8Array(), start, end)).toBe(true);
  }
  expect(FakeWorker.started.map(({ asked }) => asked)).toEqual([[2 * MEGABYTE, MEGABYTE, 2 * MEGABYTE]]);
});

test("what the thread can't read is tried without it, whose error is heard", async () => {
  FakeWorker.answer = async () => null;
  expect(same(await fileBytes(file, 0, MEGABYTE), 0, MEGABYTE)).toBe(true);
  const gone = new Blob([bytes]);
  vi.spyOn(gone, "slice").mockReturnValue(
    Object.assign(new Blob([bytes]), { arrayBuffer: () => Promise.reject(new Error("It is gone.")) }),
  );
  await expect(fileBytes(gone, 0, MEGABYTE)).rejects.toThrow("It is gone.");
});

test("a thread that dies keeps nobody waiting, and the next piece gets another", async () => {
  FakeWorker.answer = () => "dies";
  const both = [fileBytes(file, 0, MEGABYTE), fileBytes(file, 1, MEGABYTE + 1)];
  const found = await Promise.all(both);
  expect(found.map((piece, start) => same(piece, start, MEGABYTE + start))).toEqual([true, true]);
  FakeWorker.answer = (piece) => piece.arrayBuffer();
  expect(same(await fileBytes(file, 2, MEGABYTE + 2), 2, MEGABYTE + 2)).toBe(true);
  expect(FakeWorker.started.map(({ ended }) => ended)).toEqual([true, false]);
});

test("it ends when nothing is read any more", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await fileBytes(file, 0, MEGABYTE);
  vi.advanceTimersByTime(9_000);
  await fileBytes(file, 0, MEGABYTE);
  vi.advanceTimersByTime(9_000);
  expect(FakeWorker.started.map(({ ended }) => ended)).toEqual([false]);
  vi.advanceTimersByTime(2_000);
  expect(FakeWorker.started.map(({ ended }) => ended)).toEqual([true]);
  await fileBytes(file, 0, MEGABYTE);
  expect(FakeWorker.started).toHaveLength(2);
});
