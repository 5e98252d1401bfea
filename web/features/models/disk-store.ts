/** Database of the models that were used directly from this device's disk: the handles of what was picked. */
import type { DBSchema } from "idb";
import { Database } from "../../app/database";
import { text } from "../../app/text";
import type { Completion } from "../../engine/model-choice";

export interface DiskModel {
  id: string;
  name: string;
  /** A .safetensors file, or a folder that contains the model. */
  handle: FileSystemHandle;
  /** Parts that it lacks and takes from a model in the browser's storage. */
  completion?: Completion;
  bytes: number;
  /** Paths, sizes and dates of its files: they change with the model. */
  files: string;
  /** Milliseconds since 1970. */
  usedAt: number;
}

interface DiskSchema extends DBSchema {
  models: { key: string; value: DiskModel };
}

const { notKept } = text.model.onDisk;
const disk = new Database<DiskSchema>("palpable-disk-models", ["models"], {
  noRoom: notKept,
  unavailable: notKept,
  failed: notKept,
});

export const put = (model: DiskModel): Promise<void> =>
  disk.write((transaction) => [transaction.objectStore("models").put(model, model.id)]);

export const find = (id: string): Promise<DiskModel | undefined> =>
  disk.attempt((database) => database.get("models", id));

/** All known models on the disk, the latest used first. */
export async function all(): Promise<DiskModel[]> {
  const models = await disk.attempt((database) => database.getAll("models"));
  return models.sort((one, other) => other.usedAt - one.usedAt);
}

export const remove = (id: string): Promise<void> =>
  disk.write((transaction) => [transaction.objectStore("models").delete(id)]);
