/**
 * The notes in a safetensors file's header (`__metadata__`), read and written without touching its tensors: eight bytes
 * with the header's length, the header as JSON, then the data, to which the header's offsets are relative.
 * Title and licence go by the names of the ModelSpec standard, which other programs show.
 * https://github.com/Stability-AI/ModelSpec
 */

/** What a person says about an adapter; both may be empty. */
export interface AdapterNote {
  title: string;
  licence: string;
}

const TITLE = "modelspec.title";
const LICENCE = "modelspec.license";
/** Readers map the tensors from here on, so the header ends at a multiple of it, as the format asks. */
const ALIGNMENT = 8;
const LENGTH_BYTES = 8;
/** As the format's own readers have it. */
const LONGEST_HEADER = 100_000_000;

/** What the file says of itself. Empty where it says nothing, or where it can't be read. */
export function noteOf(file: Uint8Array): AdapterNote {
  const metadata = readHeader(file)?.header.__metadata__;
  return { title: own(metadata, TITLE), licence: own(metadata, LICENCE) };
}

/** The same file with the note in its header. A file that isn't safetensors (an archive) stays as it is. */
export function withNote(file: Uint8Array, { title, licence }: AdapterNote): Uint8Array {
  const read = readHeader(file);
  if (!read) return file;
  const { header, end } = read;
  const metadata = new Map(Object.entries(isRecord(header.__metadata__) ? header.__metadata__ : {}));
  if (title) metadata.set(TITLE, title);
  if (licence) metadata.set(LICENCE, licence);
  const written = new TextEncoder().encode(
    JSON.stringify({ ...header, __metadata__: Object.fromEntries(metadata) }),
  );
  const headerBytes = Math.ceil(written.length / ALIGNMENT) * ALIGNMENT;
  const data = file.subarray(end);
  // What is left of the header is filled with spaces, which JSON ignores.
  const result = new Uint8Array(LENGTH_BYTES + headerBytes + data.length).fill(0x20);
  new DataView(result.buffer).setBigUint64(0, BigInt(headerBytes), true);
  result.set(written, LENGTH_BYTES);
  result.set(data, LENGTH_BYTES + headerBytes);
  return result;
}

function readHeader(file: Uint8Array): { header: Record<string, unknown>; end: number } | undefined {
  if (file.length < LENGTH_BYTES) return undefined;
  const length = new DataView(file.buffer, file.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  const end = LENGTH_BYTES + Number(length);
  if (length > LONGEST_HEADER || end > file.length) return undefined;
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(file.subarray(LENGTH_BYTES, end)));
    return isRecord(header) ? { header, end } : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function own(metadata: unknown, name: string): string {
  if (!isRecord(metadata) || !Object.hasOwn(metadata, name)) return "";
  const value = metadata[name];
  return typeof value === "string" ? value.trim() : "";
}
