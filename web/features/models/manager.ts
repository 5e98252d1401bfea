/** State of the Models screen: the model on offer, models in the storage and on the disk, and the storage. */
import { signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { endsWithEngine } from "../../app/ended-faults";
import { engine } from "../../app/studio";
import { text as pageText } from "../../app/text";
import { anyTabWorks } from "../../app/working";
import type { OfferedChoice } from "../../engine/api";
import { type Fault, faultError, toFault } from "../../engine/fault";
import type { ModelChoice, ModelOffer, StoredModel } from "../../engine/model-choice";
import { removeModel, storedModels } from "../../engine/model-folder";
import { readAgain } from "./disk-models";
import * as diskStore from "./disk-store";
import { choice, forgetChoiceOnDisk, forgetLast, loadDemoModel, loadModel } from "./model";
import { modelsText as text } from "./text";

export type Look =
  | { state: "none" }
  | { state: "looking" }
  | { state: "offered"; choice: OfferedChoice; offer: ModelOffer }
  | { state: "fault"; fault: Fault };

export const look = signal<Look>({ state: "none" });

/** Models in the browser's storage; `undefined` if the browser lets the page keep no files. */
export const stored = signal<StoredModel[] | undefined>([]);

/** Models on this device's disk, the latest used first. */
export const onDisk = signal<diskStore.DiskModel[]>([]);

/** Why a model on the disk could not be used. */
export const diskTrouble = signal<{ id: string; fault: Fault } | undefined>(undefined);

export interface Storage {
  usage: number;
  quota: number;
  persisted: boolean;
}

export const storage = signal<Storage | undefined>(undefined);
export const fault = signal<Fault | undefined>(undefined);
endsWithEngine(fault);

/** Fetches the model's list of files and its configs; nothing is kept yet. */
export async function lookAt(wanted: OfferedChoice): Promise<void> {
  look.value = { state: "looking" };
  try {
    look.value = { state: "offered", choice: wanted, offer: await engine().describeModel(wanted) };
  } catch (error) {
    look.value = { state: "fault", fault: toFault(error) };
  }
}

/** Describes the model on offer anew. */
export async function lookAgain(): Promise<void> {
  if (look.value.state === "offered") await lookAt(look.value.choice);
}

/** Completes a checkpoint with a stored model's parts. If they don't fit, returns why; the offer stays. */
export async function complete(
  incomplete: OfferedChoice,
  { lacks }: ModelOffer,
  id: string,
): Promise<Fault | undefined> {
  const whole = { ...incomplete, completion: { id, parts: lacks } };
  try {
    look.value = { state: "offered", choice: whole, offer: await engine().describeModel(whole) };
    return undefined;
  } catch (error) {
    return toFault(error);
  }
}

export function dismiss(): void {
  look.value = { state: "none" };
}

/** Fetches and loads a model that was looked at, or one from the storage. */
export async function use(wanted: ModelChoice, name: string): Promise<void> {
  fault.value = undefined;
  diskTrouble.value = undefined;
  try {
    if (await loadModel(wanted, name)) {
      announce(text.fetching.done(name));
      // The visitor may have looked at another model meanwhile.
      if (look.value.state === "offered" && look.value.choice === wanted) dismiss();
    }
  } catch (error) {
    fault.value = toFault(error);
  }
  await refresh();
}

/**
 * Reads a model on this device's disk again, while a press is handled, and loads it. A model that has changed
 * is only described first. Returns why it could not be used, if so.
 */
export async function useFromDisk(known: diskStore.DiskModel): Promise<Fault | undefined> {
  diskTrouble.value = undefined;
  try {
    const { choice: found, changed } = await readAgain(known);
    if (changed) {
      await lookAt(found);
      throw faultError("LocalFile", pageText.model.onDisk.changed(known.name));
    }
    if (await loadModel(found, known.name)) announce(text.fetching.done(known.name));
  } catch (error) {
    diskTrouble.value = { id: known.id, fault: toFault(error) };
  }
  await refresh();
  return diskTrouble.value?.fault;
}

/** Forgets a model on the disk. Its files stay where they are. */
export async function forget({ id, name }: diskStore.DiskModel): Promise<void> {
  diskTrouble.value = undefined;
  try {
    await diskStore.remove(id);
    forgetChoiceOnDisk(id);
    announce(text.onDisk.forgotten(name));
  } catch (error) {
    diskTrouble.value = { id, fault: toFault(error) };
  }
  await refresh();
}

/** Reads anew which models are in the storage and on the disk, and how much room there is. */
export async function refresh(): Promise<void> {
  onDisk.value = await diskStore.all().catch(() => []);
  stored.value = await storedModels().catch(() => undefined);
  storage.value = await readStorage().catch(() => undefined);
}

async function readStorage(): Promise<Storage> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate();
  return { usage, quota, persisted: await navigator.storage.persisted() };
}

/** Asks the browser to keep what is stored; returns whether it promised to. */
export async function persist(): Promise<boolean> {
  const kept = await navigator.storage.persist();
  await refresh();
  return kept;
}

/** Deletes a stored model. When this resolves, no trace of it is left, unless `fault` says otherwise. */
export async function remove(id: string): Promise<void> {
  fault.value = undefined;
  const inUse = isInUse(id);
  if (inUse && (await anyTabWorks())) {
    fault.value = toFault(faultError("BadSettings", text.stored.atWork));
    return;
  }
  try {
    await removeModel(id);
  } catch {
    fault.value = toFault(faultError("Storage", text.stored.notDeleted));
  }
  await refresh();
  if (!inUse || fault.value) return;
  // The engine still has the model on the GPU, but the next visit would look for it in vain.
  forgetLast();
  await loadDemoModel();
}

export const isInUseFromDisk = (id: string) => choice.value.kind === "files" && choice.value.diskId === id;

export const isInUse = (id: string) => choice.value.kind === "stored" && choice.value.id === id;

/** Bytes that the browser would still store. */
export const freeBytes = () => (storage.value ? storage.value.quota - storage.value.usage : undefined);
