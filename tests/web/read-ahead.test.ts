/** Large files on their way to the engine: in few pieces, a block ahead, and byte for byte what they are. */
import { beforeEach, describe, expect, test } from "vitest";
import type { ModelSource } from "../../web/engine/contract/models";
import { fileStream } from "../../web/engine/worker/sources/file-stream";
import { readAhead } from "../../web/engine/worker/sources/read-ahead";
import { numbers } from "./fake-hub";

const MEGABYTE = 1 << 20;
const LENGTH = 50 * MEGABYTE + 123;
const FILE = "unet/diffusion_pytorch_model.safetensors";
const bytes = numbers(LENGTH, 7);

let asked: [string, number, number][];
let fails: boolean;
const source: ModelSource = {
  name: "model",
  length: async (path) => (path === FILE ? LENGTH : 10),
  read: async (path, start, end) => {
    asked.push([path, start, end]);
    if (fails) throw new Error("The drive is gone.");
    if (end > LENGTH) throw new Error("There is no more.");
    return bytes.slice(start, end);
  },
};

beforeEach(() => {
  asked = [];
  fails = false;
});

const same = (found: Uint8Array, start: number, end: number) =>
  Buffer.compare(found, bytes.subarray(start, end)) === 0;

describe("a source that is read ahead", () => {
  test("from start to end: the same bytes in any pieces, asked for once and in blocks", async () => {
    const ahead = readAhead(source);
    let at = 0;
    for (const size of [8, 992, 7 * MEGABYTE, 1, 25 * MEGABYTE + 3, 17 * MEGABYTE, LENGTH]) {
      const end = Math.min(at + size, LENGTH);
      expect(same(await ahead.read(FILE, at, end), at, end), `${at} to ${end}`).toBe(true);
      at = end;
    }
    expect(at).toBe(LENGTH);
    // The first few bytes tell nothing yet; then block after block.
    const block = 16 * MEGABYTE;
    expect(asked).toEqual([
      [FILE, 0, 8],
      [FILE, 0, block],
      [FILE, block, 2 * block],
      [FILE, 2 * block, 3 * block],
      [FILE, 3 * block, LENGTH],
    ]);
    expect(ahead.name).toBe("model");
  });

  test("skipping a little is going on, here and there is not: then nothing is read that nobody asked for", async () => {
    const ahead = readAhead(source);
    await ahead.read(FILE, 0, 8);
    expect(same(await ahead.read(FILE, 100, 200), 100, 200)).toBe(true);
    asked = [];
    for (const start of [40 * MEGABYTE, 30, 20 * MEGABYTE + 1]) {
      expect(same(await ahead.read(FILE, start, start + 9), start, start + 9)).toBe(true);
    }
    await ahead.read("unet/config.json", 0, 10);
    expect(asked.every(([, start, end]) => end - start <= 10)).toBe(true);
    expect(asked).toHaveLength(4);
  });

  test("a read that fails is told, and can be tried again", async () => {
    const ahead = readAhead(source);
    await ahead.read(FILE, 0, 8);
    fails = true;
    await expect(ahead.read(FILE, 8, 100)).rejects.toThrow("The drive is gone.");
    fails = false;
    expect(same(await ahead.read(FILE, 100, 300), 100, 300)).toBe(true);
    await expect(ahead.read(FILE, 300, LENGTH + 1)).rejects.toThrow("There is no more.");
  });
});

describe("a file of this device as a stream", () => {
  const piecesOf = async (stream: ReadableStream<Uint8Array>) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of stream as unknown as AsyncIterable<Uint8Array>) pieces.push(piece);
    return pieces;
  };

  test.each([
    [0, LENGTH, 4],
    [5, 20 * MEGABYTE, 2],
    [7, 8, 1],
    [9, 9, 0],
  ])("from %d to %d comes whole in %d pieces", async (start, end, count) => {
    const pieces = await piecesOf(fileStream(new File([bytes], FILE), start, end));
    expect(pieces).toHaveLength(count);
    expect(same(Buffer.concat(pieces), start, end)).toBe(true);
  });

  test("one that is shorter than it was ends early", async () => {
    const pieces = await piecesOf(fileStream(new File([bytes], FILE), LENGTH - 10, LENGTH + 100));
    expect(pieces.map(({ byteLength }) => byteLength)).toEqual([10]);
  });
});
