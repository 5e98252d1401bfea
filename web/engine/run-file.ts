/**
 * File format of an unfinished training: the facts that the page shows, then the engine's own checkpoint. The
 * file ends with the SHA-256 of everything before it, so that a file that was cut off while written, or has
 * rotted, is recognized.
 *
 * Layout: 8 bytes of magic, the header's length (u32, little-endian), the header (JSON), the checkpoint, 32
 * bytes of digest.
 */
import type { PreviewPlan, PreviewScore } from "./api";
import type { SubjectVectors } from "./contract/judging";
import type { TrainingRecord, TrainingSettings } from "./contract/training";
import { sameBytes } from "./same-bytes";

/** What is known about a run apart from its engine state. */
export interface RunFacts {
  id: string;
  /** Milliseconds since 1970. */
  savedAt: number;
  /** Number of steps made. */
  step: number;
  settings: TrainingSettings;
  previews: PreviewPlan | null;
  /** Steps between two saved states. */
  every: number;
  /** The model that the run was begun with. */
  model: string;
  /** Records of all steps made. */
  records: TrainingRecord[];
  /** Scores of the previews so far, if previews are scored. */
  scores: PreviewScore[];
  /** Photo vectors that score previews, besides the prompt; kept, as a continued run has no photos. */
  photoVectors: SubjectVectors | null;
}

export interface RunFile {
  facts: RunFacts;
  checkpoint: Uint8Array;
}

const MAGIC = new TextEncoder().encode("palprun1");
const DIGEST = 32;
const HEADER_AT = MAGIC.length + 4;

export async function encodeRun({ facts, checkpoint }: RunFile): Promise<Uint8Array> {
  const header = new TextEncoder().encode(JSON.stringify(facts));
  const body = HEADER_AT + header.length + checkpoint.length;
  const file = new Uint8Array(body + DIGEST);
  file.set(MAGIC);
  new DataView(file.buffer).setUint32(MAGIC.length, header.length, true);
  file.set(header, HEADER_AT);
  file.set(checkpoint, HEADER_AT + header.length);
  file.set(await digest(file.subarray(0, body)), body);
  return file;
}

/** Reads a run file; `undefined` for anything but a whole file. */
export async function decodeRun(file: Uint8Array): Promise<RunFile | undefined> {
  const body = file.length - DIGEST;
  if (body < HEADER_AT || !sameBytes(file.subarray(0, MAGIC.length), MAGIC)) return undefined;
  if (!sameBytes(await digest(file.subarray(0, body)), file.subarray(body))) return undefined;
  const length = new DataView(file.buffer, file.byteOffset).getUint32(MAGIC.length, true);
  if (HEADER_AT + length > body) return undefined;
  const facts = checkedFacts(new TextDecoder().decode(file.subarray(HEADER_AT, HEADER_AT + length)));
  return facts && { facts, checkpoint: file.slice(HEADER_AT + length, body) };
}

/** Checks the fields, since an earlier version of the page may have written other facts. */
function checkedFacts(json: string): RunFacts | undefined {
  try {
    const facts = JSON.parse(json) as Partial<RunFacts>;
    const whole =
      typeof facts.id === "string" &&
      typeof facts.savedAt === "number" &&
      typeof facts.step === "number" &&
      typeof facts.every === "number" &&
      typeof facts.model === "string" &&
      typeof facts.settings?.placeholder === "string" &&
      typeof facts.settings.steps === "number" &&
      Array.isArray(facts.records);
    return whole ? ({ previews: null, scores: [], photoVectors: null, ...facts } as RunFacts) : undefined;
  } catch {
    return undefined;
  }
}

const digest = async (bytes: Uint8Array) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
