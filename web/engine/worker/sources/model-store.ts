/**
 * Writing models into the browser's private file system, and reading them from it. The page lists and deletes them
 * (`model-folder.ts`).
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { ModelSource } from "../../contract/models";
import { faultError } from "../../fault";
import {
  fileName,
  MANIFEST,
  modelsFolder,
  readManifest,
  type StoredFile,
  type StoredManifest,
  USED,
} from "../../model-folder";
import type { IncomingFile, IncomingModel } from "./incoming";
import { checkpointHash } from "./layout";

/** Bytes read at once while a stored file is hashed. */
const PIECE = 4 << 20;

/** Synchronous access to a file. Only workers have it, so the page's types lack it. */
interface Access {
  getSize(): number;
  read(bytes: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

export const storeId = (identity: string) => bytesToHex(sha256(utf8ToBytes(identity))).slice(0, 32);

/** A model's folder, opened for writing. */
export class ModelFolder {
  readonly #folder: FileSystemDirectoryHandle;
  readonly manifest: StoredManifest;

  private constructor(folder: FileSystemDirectoryHandle, manifest: StoredManifest) {
    this.#folder = folder;
    this.manifest = manifest;
  }

  /** Opens the model's folder, keeping the bytes there; files that changed at their source begin anew. */
  static async open(id: string, { name, from, licence, files }: IncomingModel): Promise<ModelFolder> {
    const folder = await (await modelsFolder()).getDirectoryHandle(id, { create: true });
    const old = await readManifest(folder);
    const stored = files.map((file, index): StoredFile => {
      const before = old?.files[index];
      return { ...describe(file), whole: before !== undefined && sameFile(before, file) && before.whole };
    });
    const manifest: StoredManifest = { format: 1, name, from, licence, files: stored };
    for (const [index, file] of files.entries()) {
      const before = old?.files[index];
      if (!before || !sameFile(before, file)) await removeIfThere(folder, fileName(index));
    }
    await writeText(folder, MANIFEST, JSON.stringify(manifest));
    return new ModelFolder(folder, manifest);
  }

  /** Opens a file for writing at its end. */
  async append(index: number): Promise<Writing> {
    const file = this.manifest.files[index];
    if (!file) throw new RangeError(`no file ${index}`);
    return Writing.open(await this.#folder.getFileHandle(fileName(index), { create: true }), file);
  }

  async markWhole(index: number): Promise<void> {
    const file = this.manifest.files[index];
    if (file) file.whole = true;
    await writeText(this.#folder, MANIFEST, JSON.stringify(this.manifest));
  }
}

/** Number of the model's bytes that are in the storage. */
export async function storedBytes(model: IncomingModel): Promise<number> {
  const models = await modelsFolder();
  const folder = await models.getDirectoryHandle(storeId(model.identity)).catch(() => undefined);
  const manifest = folder && (await readManifest(folder));
  if (!folder || !manifest) return 0;
  let bytes = 0;
  for (const [index, file] of model.files.entries()) {
    const stored = manifest.files[index];
    if (!stored || !sameFile(stored, file)) continue;
    const handle = await folder.getFileHandle(fileName(index)).catch(() => undefined);
    bytes += handle ? (await handle.getFile()).size : 0;
  }
  return bytes;
}

const describe = ({ path, bytes, sha256, version }: IncomingFile) => ({
  path,
  bytes,
  ...(sha256 && { sha256 }),
  ...(version && { version }),
});

const sameFile = (stored: StoredFile, file: IncomingFile) =>
  stored.path === file.path && stored.bytes === file.bytes && stored.version === file.version;

/** A file that is being written, with the hash of its content so far. */
export class Writing {
  readonly #access: Access;
  readonly #file: StoredFile;
  readonly #hash = sha256.create();
  /** Number of bytes written so far. */
  at = 0;

  private constructor(access: Access, file: StoredFile) {
    this.#access = access;
    this.#file = file;
  }

  static async open(handle: FileSystemFileHandle, file: StoredFile): Promise<Writing> {
    const access = await (
      handle as unknown as { createSyncAccessHandle(): Promise<Access> }
    ).createSyncAccessHandle();
    const writing = new Writing(access, file);
    writing.#takeUp();
    return writing;
  }

  /** Keeps the bytes that an earlier visit left, and hashes them. */
  #takeUp(): void {
    const size = this.#access.getSize();
    if (size > this.#file.bytes) this.#access.truncate(0);
    else if (this.#file.sha256 === undefined) this.at = size;
    else {
      const piece = new Uint8Array(PIECE);
      while (this.at < size) {
        const read = this.#access.read(piece, { at: this.at });
        if (read === 0) break;
        this.#hash.update(piece.subarray(0, read));
        this.at += read;
      }
    }
  }

  append(bytes: Uint8Array): void {
    writeAll(this.#access, bytes, this.at);
    if (this.#file.sha256 !== undefined) this.#hash.update(bytes);
    this.at += bytes.byteLength;
  }

  /**
   * Checks the whole file.
   * @throws a fault if its hash isn't the one that the source named; the file is then emptied.
   */
  finish(): void {
    const { path, sha256: expected } = this.#file;
    if (expected === undefined || bytesToHex(this.#hash.digest()) === expected) {
      this.#access.flush();
      return;
    }
    this.#access.truncate(0);
    throw faultError(
      "BadFile",
      `${path} arrived damaged: its SHA-256 isn't the one that its source names. Fetch the model again.`,
    );
  }

  close(): void {
    this.#access.flush();
    this.#access.close();
  }
}

/**
 * Opens a model that is whole in the storage.
 * @throws a fault if it isn't whole.
 */
export async function storedModel(id: string): Promise<ModelSource> {
  const { folder, manifest, files } = await openStored(id);
  // If the time of use can't be written, the model can still be read.
  await writeText(folder, USED, `${Date.now()}`).catch(() => undefined);
  return {
    name: manifest.name,
    ...checkpointHash(manifest.files),
    length: async (path) => files.get(path)?.size,
    read: async (path, start, end) => {
      const bytes = await files.get(path)?.slice(start, end).arrayBuffer();
      if (bytes?.byteLength !== end - start)
        throw faultError("BadFile", `${path} has no bytes ${start} to ${end}.`);
      return new Uint8Array(bytes);
    },
  };
}

/**
 * Files of a model that is whole in the storage, by their paths.
 * @throws a fault if it isn't whole.
 */
export const storedFiles = async (id: string) => (await openStored(id)).files;

async function openStored(id: string) {
  const folder = await (await modelsFolder()).getDirectoryHandle(id).catch(() => undefined);
  const manifest = folder && (await readManifest(folder));
  if (!folder || !manifest?.files.every((file) => file.whole)) {
    throw faultError("BadFile", "This model isn't whole in the browser's storage any more. Fetch it again.");
  }
  const files = new Map<string, File>();
  for (const [index, { path, bytes }] of manifest.files.entries()) {
    const file = await (await folder.getFileHandle(fileName(index))).getFile();
    if (file.size !== bytes) {
      throw faultError(
        "BadFile",
        `${path} is damaged in the browser's storage. Delete the model and fetch it again.`,
      );
    }
    files.set(path, file);
  }
  return { folder, manifest, files };
}

async function writeText(folder: FileSystemDirectoryHandle, name: string, text: string): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true });
  const access = await (
    handle as unknown as { createSyncAccessHandle(): Promise<Access> }
  ).createSyncAccessHandle();
  try {
    const bytes = new TextEncoder().encode(text);
    access.truncate(0);
    writeAll(access, bytes, 0);
    access.flush();
  } finally {
    access.close();
  }
}

/** @throws a fault where there is no room. */
function writeAll(access: Access, bytes: Uint8Array, at: number): void {
  try {
    if (access.write(bytes, { at }) === bytes.byteLength) return;
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
  }
  throw noRoom();
}

async function removeIfThere(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  await folder.removeEntry(name).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  });
}

const noRoom = () =>
  faultError(
    "Storage",
    "The browser has no room left to keep the model. Delete other models or pictures here, or free some of the disk, and try again: what has arrived is kept.",
  );
