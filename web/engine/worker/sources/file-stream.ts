/**
 * Streams a file of this device in a few large pieces. The browser's own stream of a file gives thousands of
 * small pieces, each with a turn of the event loop: for a model of 2 GB that took longer than everything
 * else.
 */

const PIECE = 16 << 20;

export function fileStream(file: File, start: number, end: number): ReadableStream<Uint8Array> {
  let at = start;
  return new ReadableStream(
    {
      async pull(controller) {
        const piece = file.slice(at, Math.min(at + PIECE, end));
        at += piece.size;
        if (piece.size > 0) controller.enqueue(new Uint8Array(await piece.arrayBuffer()));
        // A file that has become shorter in the meantime ends early.
        if (piece.size === 0 || at >= end) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
