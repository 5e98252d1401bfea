/** Reads pieces of files for `file-bytes.ts`, in a thread of its own: one after the other, as they were asked for. */

export type Reading = Blob;
/** `null` where it can't be read. */
export type ReadingAnswer = ArrayBuffer | null;

let last: Promise<unknown> = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<Reading>) => {
  last = last.then(async () => {
    const bytes = await data.arrayBuffer().catch(() => null);
    self.postMessage(bytes satisfies ReadingAnswer, { transfer: bytes ? [bytes] : [] });
  });
});
