/**
 * Trainings that a closed or killed tab left unfinished in the browser's storage. A visit finds them and
 * offers to continue them; they are deleted when they are discarded or done with.
 */
import { signal } from "@preact/signals";
import { text } from "../../app/text";
import { type Fault, faultError, toFault } from "../../engine/fault";
import { heldLocks } from "../../engine/locks";
import type { RunFacts } from "../../engine/run-file";
import { latest, lockName, readSlots, removeRun, runsFolder } from "../../engine/run-folder";
import { storeAgain } from "../adapters/library";
import { dropPhotos } from "./keep-photos";

export interface UnfinishedRun {
  id: string;
  /** Facts about the run; `undefined` if neither of its states is whole. */
  facts: RunFacts | undefined;
}

/** Unfinished runs, the latest first. */
export const unfinished = signal<UnfinishedRun[]>([]);
export const discardFault = signal<Fault | undefined>(undefined);

/** Finds the unfinished runs. A browser that keeps no files has none, so that is no fault here. */
export async function findUnfinished(): Promise<void> {
  unfinished.value = await readRuns().catch(() => []);
}

async function readRuns(): Promise<UnfinishedRun[]> {
  const folder = await runsFolder();
  const underWay = await heldLocks();
  const runs: UnfinishedRun[] = [];
  for await (const [id, handle] of folder.entries()) {
    if (handle.kind !== "directory" || underWay.has(lockName(id))) continue;
    runs.push({ id, facts: latest(await readSlots(handle as FileSystemDirectoryHandle))?.facts });
  }
  await dropPhotos((id) => !underWay.has(lockName(id)) && !runs.some((run) => run.id === id));
  return runs.sort((one, other) => (other.facts?.savedAt ?? 0) - (one.facts?.savedAt ?? 0));
}

/** Discards a run on the list, unless another tab continues it by now. */
export async function discardUnfinished(id: string): Promise<void> {
  await findUnfinished();
  if (unfinished.value.some((run) => run.id === id)) await discard(id);
}

/** Deletes a run; when this resolves, no trace of it is stored, unless `discardFault` says otherwise. */
export async function discard(id: string): Promise<void> {
  discardFault.value = undefined;
  try {
    await removeRun(id);
    // The state may have taken the room that the run's adapter lacked.
    await storeAgain(id);
    await dropPhotos((other) => other === id);
    unfinished.value = unfinished.value.filter((run) => run.id !== id);
  } catch {
    discardFault.value = toFault(faultError("Storage", text.unfinished.notDiscarded));
  }
}
