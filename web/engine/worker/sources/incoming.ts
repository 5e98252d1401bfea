/** A model that is not in the browser's storage, as its source describes it: its files, each a stream from any byte. */
import type { Licence } from "../../model-choice";

export interface IncomingFile {
  /** Path in the model's folder. */
  path: string;
  bytes: number;
  /** SHA-256 of the whole file, hexadecimal, where the source knows it. */
  sha256?: string;
  /** Changes with the file's content, where the source says. */
  version?: string;
  /**
   * The bytes from `start` up to `end`, or fewer if the connection ends. An error of the stream is an interruption too,
   * except the browser's own for a file of this device that can't be read.
   * @throws {Interrupted} where trying again may help; a fault with a sentence where it won't.
   */
  open(start: number, end: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

export interface IncomingModel {
  /** The same for the same model at every visit. */
  identity: string;
  name: string;
  /** Where it comes from, as a visitor would write it; empty for files of this device. */
  from: string;
  licence: Licence | null;
  files: IncomingFile[];
}

/** A connection that failed, was reset, or brings next to nothing: it is worth another try. */
export class Interrupted extends Error {}
