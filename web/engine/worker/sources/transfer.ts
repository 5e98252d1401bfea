/**
 * Transfers bytes from a source that may break off at any moment: bytes that have arrived count, the rest is
 * requested again after growing pauses, until nothing arrives any more. The visitor may pause and cancel
 * between any two pieces.
 */
import { faultError, toFault } from "../../fault";
import type { JobControl } from "../job-control";
import { type IncomingFile, Interrupted } from "./incoming";

export interface Patience {
  /** Number of connections in a row with next to nothing received after which the transfer gives up. */
  failures: number;
  /** Milliseconds before the second connection; doubled for each further one. */
  pause: number;
  /** Milliseconds within which `leastBytes` must arrive. */
  stall: number;
  leastBytes: number;
}

export const PATIENCE: Patience = { failures: 6, pause: 500, stall: 30_000, leastBytes: 16_384 };

/** The visitor cancelled. */
export class Cancelled extends Error {}

/**
 * Hands the bytes `start` to `end` of a file to `take`, in order and each once.
 * @throws {Cancelled} when the visitor cancelled; a fault when no more bytes come.
 */
export async function transfer(
  file: IncomingFile,
  [start, end]: [number, number],
  take: (bytes: Uint8Array) => void,
  control: Pick<JobControl, "ready" | "paused" | "cancelled">,
  patience: Patience = PATIENCE,
): Promise<void> {
  let at = start;
  let failures = 0;
  while (at < end) {
    await control.ready();
    if (control.cancelled) throw new Cancelled();
    const from = at;
    try {
      await connection(file, [at, end], patience, (bytes) => {
        if (at + bytes.byteLength > end) throw wrongLength(file);
        take(bytes);
        at += bytes.byteLength;
        return !control.paused && !control.cancelled;
      });
      if (at < end && !control.paused && !control.cancelled) throw new Interrupted("It ended early.");
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      failures = at - from >= patience.leastBytes ? 1 : failures + 1;
      if (failures >= patience.failures) throw givenUp(file, error);
      await later(patience.pause * 2 ** (failures - 1));
    }
  }
}

/** One connection, until its end or until `take` wants no more. */
async function connection(
  file: IncomingFile,
  [start, end]: [number, number],
  patience: Patience,
  take: (bytes: Uint8Array) => boolean,
): Promise<void> {
  const abort = new AbortController();
  const watch = new StallWatch(patience, () => abort.abort(new Interrupted("Next to nothing arrived.")));
  try {
    const stream = await file.open(start, end, abort.signal);
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (toFault(error).kind === "LocalFile") throw notAsChosen(file);
        throw abort.signal.aborted ? abort.signal.reason : new Interrupted(String(error));
      });
      if (done) return;
      watch.arrived(value.byteLength);
      if (!take(value)) return;
    }
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    watch.end();
    // Also where the loop was left early: the rest is not wanted on this connection.
    abort.abort();
  }
}

/** Calls `stalled` whenever fewer than `leastBytes` arrive within `stall` milliseconds. */
class StallWatch {
  #bytes = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor({ stall, leastBytes }: Patience, stalled: () => void) {
    this.#timer = setInterval(() => {
      if (this.#bytes < leastBytes) stalled();
      this.#bytes = 0;
    }, stall);
  }

  arrived(bytes: number): void {
    this.#bytes += bytes;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/** Reads a small file, or a piece of a large one, into memory. */
export async function readRange(
  file: IncomingFile,
  start: number,
  end: number,
  control: Pick<JobControl, "ready" | "paused" | "cancelled">,
  patience?: Patience,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await transfer(file, [start, end], (piece) => pieces.push(piece), control, patience);
  const [only = new Uint8Array(), ...others] = pieces;
  if (others.length === 0) return only;
  const bytes = new Uint8Array(end - start);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

/** A whole text file, such as an index. */
export async function readText(file: IncomingFile): Promise<string> {
  const nobodyStopsIt = { ready: async () => undefined, paused: false, cancelled: false };
  return new TextDecoder().decode(await readRange(file, 0, file.bytes, nobodyStopsIt));
}

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const wrongLength = ({ path }: IncomingFile) =>
  faultError(
    "BadFile",
    `The server sends more of ${path} than it said there is. Try again, or another source.`,
  );

/** Trying again doesn't help: the browser has refused the file for good. */
const notAsChosen = ({ path }: IncomingFile) =>
  faultError(
    "LocalFile",
    `${path} is not as it was chosen: it was changed, moved or deleted, or its drive isn't connected. Choose it again.`,
  );

const givenUp = ({ path }: IncomingFile, { message }: Interrupted) =>
  faultError(
    "Network",
    `${path} doesn't arrive: ${message} What has arrived is kept; check the connection and try again.`,
  );
