/**
 * Reads a model's source one block ahead. The engine asks for a file's tensors from start to end; while it
 * works on one, the next block is being read. Reads out of order go to the source itself.
 */
import type { ModelSource } from "../../contract/models";

const BLOCK = 16 << 20;

export function readAhead(source: ModelSource): ModelSource {
  /** Blocks of the file that is being read; blocks before the last read range are dropped. */
  const blocks = new Map<number, Promise<Uint8Array>>();
  let now = { path: "", length: 0, end: 0 };

  function block(index: number): Promise<Uint8Array> {
    const known = blocks.get(index);
    if (known) return known;
    const asked = source.read(now.path, index * BLOCK, Math.min((index + 1) * BLOCK, now.length));
    // Whoever waits for the block gets its error; perhaps nobody waits.
    asked.catch(() => blocks.delete(index));
    blocks.set(index, asked);
    return asked;
  }

  return {
    ...source,
    async read(path, start, end) {
      const goesOn = path === now.path && start >= now.end && start < now.end + BLOCK && end <= now.length;
      if (!goesOn) {
        blocks.clear();
        now = { path, length: (await source.length(path)) ?? 0, end };
        return source.read(path, start, end);
      }
      now.end = end;
      const [first, last] = [Math.floor(start / BLOCK), Math.floor(Math.max(start, end - 1) / BLOCK)];
      for (const index of blocks.keys()) if (index < first) blocks.delete(index);
      const wanted = [];
      for (let index = first; index <= last; index++) wanted.push(block(index));
      if ((last + 1) * BLOCK < now.length) void block(last + 1);
      const bytes = await Promise.all(wanted);
      return part(bytes, start - first * BLOCK, end - first * BLOCK);
    },
  };
}

/** Cuts the range from `start` to `end` out of consecutive blocks. */
function part([first = new Uint8Array(), ...others]: Uint8Array[], start: number, end: number): Uint8Array {
  if (others.length === 0) return first.subarray(start, end);
  const bytes = new Uint8Array(end - start);
  let at = -start;
  for (const piece of [first, ...others]) {
    const [from, to] = [Math.max(0, -at), Math.min(piece.byteLength, end - start - at)];
    bytes.set(piece.subarray(from, to), Math.max(0, at));
    at += piece.byteLength;
  }
  return bytes;
}
