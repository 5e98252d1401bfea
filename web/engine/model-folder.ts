/**
 * Storage of fetched models: one folder per model in the browser's private file system; each file is named by
 * its index in the manifest. The manifest is written before the first byte arrives and whenever a file is
 * whole, so that after any kind of end of a fetch, the next one knows what is there. The page reads and
 * deletes, the worker writes.
 */
import type { Licence, StoredModel } from "./model-choice";

export const MODELS_FOLDER = "models";
export const MANIFEST = "manifest.json";
/** Holds the time of the model's last use. */
export const USED = "used";

export interface StoredFile {
  path: string;
  bytes: number;
  /** SHA-256 of the whole file, hexadecimal, where it is known. */
  sha256?: string;
  /** Changes with the file's content, where the server says. */
  version?: string;
  /** All of it is there, and its SHA-256 is right. */
  whole: boolean;
}

export interface StoredManifest {
  format: 1;
  name: string;
  from: string;
  licence: Licence | null;
  files: StoredFile[];
}

/** Name of the lock that is held by the tab that fetches the model. */
export const lockName = (id: string) => `palpable-model ${id}`;

/** @throws the browser's error where it denies the page its file system, as in some private windows. */
export async function modelsFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(MODELS_FOLDER, { create: true });
}

export const fileName = (index: number) => `${index}.bin`;

/** Reads a folder's manifest; `undefined` if there is none, or if it was cut off. */
export async function readManifest(folder: FileSystemDirectoryHandle): Promise<StoredManifest | undefined> {
  try {
    const file = await (await folder.getFileHandle(MANIFEST)).getFile();
    const manifest = JSON.parse(await file.text()) as StoredManifest;
    return manifest.format === 1 && Array.isArray(manifest.files) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Stored models, the latest used first; also folders without a readable manifest, as they take room. */
export async function storedModels(): Promise<StoredModel[]> {
  const models: StoredModel[] = [];
  for await (const [id, handle] of (await modelsFolder()).entries()) {
    if (handle.kind === "directory") models.push(await describe(id, handle as FileSystemDirectoryHandle));
  }
  return models.sort((one, other) => other.usedAt - one.usedAt);
}

async function describe(id: string, folder: FileSystemDirectoryHandle): Promise<StoredModel> {
  const manifest = await readManifest(folder);
  let bytes = 0;
  let usedAt = 0;
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind !== "file") continue;
    const file = await (handle as FileSystemFileHandle).getFile();
    bytes += file.size;
    if (name === USED) usedAt = Number(await file.text());
  }
  const files = manifest?.files ?? [];
  return {
    id,
    name: manifest?.name ?? id,
    from: manifest?.from ?? "",
    licence: manifest?.licence ?? null,
    bytes,
    bytesTotal: files.reduce((sum, file) => sum + file.bytes, 0),
    whole: files.length > 0 && files.every((file) => file.whole),
    inParts: files.some((file) => file.path === "model_index.json"),
    usedAt,
  };
}

/** Deletes the model; when this resolves, no trace of it is left in the storage. */
export async function removeModel(id: string): Promise<void> {
  const folder = await modelsFolder();
  await folder.removeEntry(id, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  });
}
