/**
 * Fetches one file from another server, for `link.ts`. It runs in its own worker because the content security
 * policy lets the page itself connect only to its own server. The worker knows nothing but the address.
 */
import { type FetchAnswer, fetchAtMost } from "./fetch-at-most";

export type { FetchAnswer };

/** Most bytes of a file: far above any LoRA for the models that the engine takes. */
const MAX_FILE = 1_000_000_000;

self.addEventListener("message", async ({ data }: MessageEvent<string>) => {
  const answer = await fetchAtMost(data, MAX_FILE);
  self.postMessage(answer, "bytes" in answer ? { transfer: [answer.bytes.buffer] } : {});
});
