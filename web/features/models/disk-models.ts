/**
 * Models that are read where they lie on this device's disk, also at later visits: by the handle of what was picked,
 * where the browser gives one, and after it has asked the visitor.
 */
import { text } from "../../app/text";
import { faultError } from "../../engine/fault";
import type { FilesChoice } from "../../engine/model-choice";
import { askToRead, mayRead } from "../../ui/file-system-access";
import { fromHandle } from "../../ui/picked-files";
import * as diskStore from "./disk-store";
import { choiceOf } from "./picked-model";

const words = text.model.onDisk;

/** Keeps its handle; `undefined` of what came without one, or where the browser keeps none. */
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
    // It works all the same, and is picked again at the next visit.
    return undefined;
  }
}

/** The one that was picked before from the same place. */
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
  /** Since it was last used. */
  changed: boolean;
}

/**
 * Finds its files again. Asks the visitor where that is needed, so only within a press of theirs.
 * @throws a fault of kind `LocalFile` where they may not be read or are gone.
 */
export async function readAgain(model: diskStore.DiskModel): Promise<ReadAgain> {
  if (!(await askToRead(model.handle).catch(() => false))) {
    throw faultError("LocalFile", words.refused(model.name));
  }
  return read(model);
}

/** What was in use at the last visit, if it may be read without a question and is what it was. */
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
