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

const THUMBNAIL = "modelspec.thumbnail";
const DATA_ADDRESS = /^data:image\/(?:jpeg|png|webp);base64,([A-Za-z0-9+/=]*)$/;
/** Most characters of a thumbnail's address in a foreign file; the standard wants thumbnails very small. */
const MAX_THUMBNAIL = 1_000_000;
const TITLE = "modelspec.title";
const LICENCE = "modelspec.license";
/** The header ends at a multiple of this, as the format requires: readers map the tensors after it. */
const ALIGNMENT = 8;
const LENGTH_BYTES = 8;
/** Most bytes of a header, the same limit as in the format's own readers. */
const MAX_HEADER = 100_000_000;

/** Title and licence in a file; both empty if the file names none or can't be read. */
export function noteOf(file: Uint8Array): AdapterNote {
  const metadata = readHeader(file)?.header.__metadata__;
  return { title: own(metadata, TITLE), licence: own(metadata, LICENCE) };
}

/** Picture file in the header, unchanged; `undefined` for none, or for what is no picture's data address. */
export function thumbnailOf(file: Uint8Array): Uint8Array | undefined {
  const address = own(readHeader(file)?.header.__metadata__, THUMBNAIL);
  const base64 = address.length > MAX_THUMBNAIL ? undefined : DATA_ADDRESS.exec(address)?.[1];
  if (!base64) return undefined;
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/**
 * The same file with the note in its header, and with the given JPEG as its thumbnail, or none. A file that
 * isn't safetensors (an archive) stays as it is.
 */
export function withNote(
  file: Uint8Array,
  { title, licence }: AdapterNote,
  thumbnail?: Uint8Array,
): Uint8Array {
  const read = readHeader(file);
  if (!read) return file;
  const { header, end } = read;
  const metadata = new Map(Object.entries(isRecord(header.__metadata__) ? header.__metadata__ : {}));
  if (title) metadata.set(TITLE, title);
  if (licence) metadata.set(LICENCE, licence);
  metadata.delete(THUMBNAIL);
  if (thumbnail) metadata.set(THUMBNAIL, `data:image/jpeg;base64,${base64Of(thumbnail)}`);
  const written = new TextEncoder().encode(
    JSON.stringify({ ...header, __metadata__: Object.fromEntries(metadata) }),
  );
  const headerBytes = Math.ceil(written.length / ALIGNMENT) * ALIGNMENT;
  const data = file.subarray(end);
  // The rest of the header is filled with spaces, which JSON ignores.
  const result = new Uint8Array(LENGTH_BYTES + headerBytes + data.length).fill(0x20);
  new DataView(result.buffer).setBigUint64(0, BigInt(headerBytes), true);
  result.set(written, LENGTH_BYTES);
  result.set(data, LENGTH_BYTES + headerBytes);
  return result;
}

const base64Of = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

function readHeader(file: Uint8Array): { header: Record<string, unknown>; end: number } | undefined {
  if (file.length < LENGTH_BYTES) return undefined;
  const length = new DataView(file.buffer, file.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  const end = LENGTH_BYTES + Number(length);
  if (length > MAX_HEADER || end > file.length) return undefined;
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
