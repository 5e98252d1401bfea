/**
 * Bytes of a file of this device. Large pieces are taken in by a thread of their own: the engine's has the weights to turn
 * and to move meanwhile, and what a browser reads for a thread waits until that thread has time for it.
 */
import { trustedScriptUrl } from "../../trusted-urls";
import type { Reading, ReadingAnswer } from "./file-reader";
import fileReader from "./file-reader.ts?worker&url";

/** Less is read by whoever asks: handing it over would take longer. */
const LARGE = 1 << 20;
/** Milliseconds without a reading, after which the thread ends. */
const IDLE = 10_000;

/** Fewer where the file ends before. @throws whatever keeps the browser from reading it. */
export async function fileBytes(file: Blob, start: number, end: number): Promise<Uint8Array> {
  const piece = file.slice(start, end);
  const answer = piece.size < LARGE ? undefined : await thread()?.read(piece);
  return new Uint8Array(answer ?? (await piece.arrayBuffer()));
}

let current: ReadingThread | undefined;

/** `undefined` where the browser has no further threads. */
function thread(): ReadingThread | undefined {
  if (!current && typeof Worker === "function") {
    const started = new ReadingThread(() => {
      if (current === started) current = undefined;
    });
    current = started;
  }
  return current;
}

class ReadingThread {
  readonly #worker = new Worker(trustedScriptUrl(fileReader), { type: "module", name: "File reader" });
  readonly #waiting: ((bytes: ArrayBuffer | undefined) => void)[] = [];
  readonly #ended: () => void;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(ended: () => void) {
    this.#ended = ended;
    // It answers in the order of the questions.
    this.#worker.onmessage = ({ data }: MessageEvent<ReadingAnswer>) => {
      this.#waiting.shift()?.(data ?? undefined);
      if (this.#waiting.length === 0) this.#idle = setTimeout(() => this.#end(), IDLE);
    };
    // Its script can't be fetched, or it was killed.
    this.#worker.onerror = () => this.#end();
  }

  /** `undefined` where it couldn't: whoever reads by themselves hears the reason. */
  read(piece: Blob): Promise<ArrayBuffer | undefined> {
    clearTimeout(this.#idle);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage(piece satisfies Reading);
    });
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#worker.terminate();
    this.#ended();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }
}
