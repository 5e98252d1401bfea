/** Opens HEIC photos where the browser itself can't: all but Safari. Nothing of it is fetched before the first one. */
import decoder from "libheif-js/libheif-wasm/libheif-bundle.mjs?url";
import { trustedScriptUrl } from "../../engine/trusted-urls";
import type { HeifAnswer, HeifTask } from "./heif-worker";
import heifWorker from "./heif-worker.ts?worker&url";

/** The largest photos of phones have 48 megapixels, which a slow phone decodes in well under a minute. */
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
