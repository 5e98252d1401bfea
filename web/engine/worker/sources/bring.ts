/**
 * Brings a model from its source into the browser's storage and from there to the engine, file by file, never
 * with a whole file in memory. Bytes that an earlier visit fetched are not fetched again. If the browser
 * keeps no files, the engine reads from the source itself, range by range.
 */
import type { LoadProgress } from "../../api";
import type { ModelSource } from "../../contract/models";
import { faultError } from "../../fault";
import { withLock } from "../../locks";
import { lockName, modelsFolder, removeModel } from "../../model-folder";
import type { JobControl } from "../job-control";
import type { IncomingModel } from "./incoming";
import { checkpointHash } from "./layout";
import { ModelFolder, storedModel, storeId } from "./model-store";
import { type Patience, readRange, transfer } from "./transfer";

export interface Bringing {
  progress: (progress: LoadProgress) => void;
  control: Pick<JobControl, "ready" | "paused" | "cancelled">;
  patience?: Patience;
}

/** A model that the engine can read. */
export interface OpenedModel {
  source: ModelSource;
  /** Id of the model in the browser's storage; `null` if it isn't stored. */
  storedId: string | null;
}

/** @throws {Cancelled} when the visitor cancelled; a fault otherwise. What has arrived is kept either way. */
export async function bring(model: IncomingModel, bringing: Bringing): Promise<OpenedModel> {
  if (!(await keepsFiles())) return { source: directModel(model, bringing), storedId: null };
  const id = storeId(model.identity);
  // If another tab is fetching the same model, it fetches for both.
  await withLock(lockName(id), {}, () => fill(id, model, bringing));
  return { source: await storedModel(id), storedId: id };
}

const keepsFiles = () =>
  modelsFolder().then(
    () => true,
    () => false,
  );

async function fill(
  id: string,
  model: IncomingModel,
  { progress, control, patience }: Bringing,
): Promise<void> {
  const folder = await ModelFolder.open(id, model);
  const bytesTotal = model.files.reduce((sum, file) => sum + file.bytes, 0);
  let bytesLoaded = 0;
  const count = (bytes: number) => {
    bytesLoaded += bytes;
    progress({ phase: "fetch", bytesLoaded, bytesTotal });
  };
  // One after the other: each file gets the whole bandwidth, and a failure leaves complete files behind.
  for (const [index, file] of model.files.entries()) {
    if (folder.manifest.files[index]?.whole) {
      count(file.bytes);
      continue;
    }
    const writing = await folder.append(index);
    let arrived = writing.at;
    try {
      count(writing.at);
      const take = (bytes: Uint8Array) => {
        writing.append(bytes);
        arrived += bytes.byteLength;
        count(bytes.byteLength);
      };
      await transfer(file, [writing.at, file.bytes], take, control, patience);
      writing.finish();
    } finally {
      writing.close();
      // Where not even the first file has begun to arrive, there is nothing to keep, and nothing to list.
      const nothing = index === 0 && arrived === 0 && file.bytes > 0;
      if (nothing && !folder.manifest.files.some(({ whole }) => whole)) {
        await removeModel(id).catch(() => undefined);
      }
    }
    await folder.markWhole(index);
  }
}

/** Reads the model directly from its source, without storing it. */
export function directModel(
  model: IncomingModel,
  { control, patience }: Pick<Bringing, "control" | "patience">,
): ModelSource {
  const files = new Map(model.files.map((file) => [file.path, file]));
  return {
    name: model.name,
    ...checkpointHash(model.files),
    length: async (path) => files.get(path)?.bytes,
    read: (path, start, end) => {
      const file = files.get(path);
      if (!file || end > file.bytes) throw faultError("BadFile", `${path} has no bytes ${start} to ${end}.`);
      return readRange(file, start, end, control, patience);
    },
  };
}
