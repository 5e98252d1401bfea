/** Opens HEIC photos in browsers that can't (all but Safari). The decoder is fetched at the first one. */
import decoder from "libheif-js/libheif-wasm/libheif-bundle.mjs?url";
import { trustedScriptUrl } from "../../engine/trusted-urls";
import type { HeifAnswer, HeifTask } from "./heif-worker";
import heifWorker from "./heif-worker.ts?worker&url";

/** Longest wait in ms: slow phones take well under a minute for 48 megapixels, the largest phone photos. */
const PATIENCE = 120_000;

/** @throws HeifProblem */
export async function decodeHeif(file: Blob, mostPixels: number): Promise<ImageBitmap> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const worker = new Worker(trustedScriptUrl(heifWorker), { type: "module", name: "HEIC decoder" });
  try {
    const answer = await new Promise<HeifAnswer>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data as HeifAnswer);
      worker.onerror = () => resolve({ problem: "noDecoder" });
      setTimeout(() => resolve({ problem: "damaged" }), PATIENCE);
      worker.postMessage({ decoder, bytes, mostPixels } satisfies HeifTask, [bytes.buffer]);
    });
    if ("bitmap" in answer) return answer.bitmap;
    throw new HeifProblem(answer.problem);
  } finally {
    worker.terminate();
  }
}

export class HeifProblem extends Error {
  constructor(readonly problem: "noDecoder" | "damaged") {
    super(problem);
  }
}
