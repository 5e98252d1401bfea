/**
 * Fetches one file from another server, for `link.ts`. In a worker of its own because the page's content security policy
 * lets the page itself connect to nothing but its own server; this worker knows nothing but the address.
 */
import { type FetchAnswer, fetchAtMost } from "./fetch-at-most";

export type { FetchAnswer };

/** Far above any LoRA of the models that the engine takes. */
const MAX_FILE = 1_000_000_000;

self.addEventListener("message", async ({ data }: MessageEvent<string>) => {
  const answer = await fetchAtMost(data, MAX_FILE);
  self.postMessage(answer, "bytes" in answer ? { transfer: [answer.bytes.buffer] } : {});
});
