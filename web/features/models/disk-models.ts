/**
 * Models that are read directly from this device's disk. Later visits read them too, by the handle of what
 * was picked, if the browser gives one, and after the browser has asked the visitor.
 */
import { text } from "../../app/text";
import { faultError } from "../../engine/fault";
import type { FilesChoice } from "../../engine/model-choice";
import { askToRead, mayRead } from "../../ui/file-system-access";
import { fromHandle } from "../../ui/picked-files";
import * as diskStore from "./disk-store";
import { choiceOf } from "./picked-model";

const words = text.model.onDisk;

/** Keeps the model's handle and returns its id; `undefined` if it has none, or the browser keeps none. */
export async function rememberOnDisk(choice: FilesChoice): Promise<string | undefined> {
  const { name, handle, completion, files } = choice;
  if (!handle) return undefined;
  try {
    const id = (await idOf(handle)) ?? crypto.randomUUID();
    await diskStore.put({
      id,
      name: name.replace(/\.safetensors$/, ""),
      handle,
      ...(completion && { completion }),
      bytes: files.reduce((sum, { file }) => sum + file.size, 0),
      files: datesOf(choice),
      usedAt: Date.now(),
    });
    return id;
  } catch {
    // The model works all the same, but must be picked again at the next visit.
    return undefined;
  }
}

/** Id of the known model that was picked from the same place. */
async function idOf(handle: FileSystemHandle): Promise<string | undefined> {
  for (const model of await diskStore.all()) {
    if (await model.handle.isSameEntry(handle)) return model.id;
  }
  return undefined;
}

const datesOf = ({ files }: FilesChoice) =>
  files
    .map(({ path, file }) => `${path} ${file.size} ${file.lastModified}`)
    .sort()
    .join("\n");

export interface ReadAgain {
  choice: FilesChoice;
  /** Whether its files have changed since it was last used. */
  changed: boolean;
}

/**
 * Finds the model's files again. Asks the visitor for permission if needed, so only call it while a press is
 * handled.
 * @throws a fault of kind `LocalFile` if the files may not be read or are gone.
 */
export async function readAgain(model: diskStore.DiskModel): Promise<ReadAgain> {
  if (!(await askToRead(model.handle).catch(() => false))) {
    throw faultError("LocalFile", words.refused(model.name));
  }
  return read(model);
}

/** The model in use at the last visit, if it may be read without asking and hasn't changed. */
export async function readUnasked(model: diskStore.DiskModel): Promise<FilesChoice | undefined> {
  if (!(await mayRead(model.handle))) return undefined;
  const { choice, changed } = await read(model);
  return changed ? undefined : choice;
}

async function read(model: diskStore.DiskModel): Promise<ReadAgain> {
  const { handle, completion } = model;
  const picked = await fromHandle(handle).catch(() => []);
  const found = choiceOf(picked, false);
  if (!found) throw faultError("LocalFile", words.gone(model.name));
  const choice = { ...found, ...(completion && { completion }) };
  return { choice, changed: datesOf(choice) !== model.files };
}
