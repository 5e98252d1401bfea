/** What the Models screen shows: the model that is being looked at, the models in the storage, and the storage itself. */
import { signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { engine } from "../../app/studio";
import type { OfferedChoice } from "../../engine/api";
import { type Fault, faultError, toFault } from "../../engine/fault";
import type { ModelChoice, ModelOffer, StoredModel } from "../../engine/model-choice";
import { removeModel, storedModels } from "../../engine/model-folder";
import { choice, loadDemoModel, loadModel } from "./model";
import { modelsText as text } from "./text";

export type Look =
  | { state: "none" }
  | { state: "looking" }
  | { state: "offered"; choice: OfferedChoice; offer: ModelOffer }
  | { state: "fault"; fault: Fault };

export const look = signal<Look>({ state: "none" });

/** `undefined` where the browser keeps no files from the page. */
export const stored = signal<StoredModel[] | undefined>([]);

export interface Storage {
  usage: number;
  quota: number;
  persisted: boolean;
}

export const storage = signal<Storage | undefined>(undefined);
export const fault = signal<Fault | undefined>(undefined);

/** Fetches the model's list of files and its configs; nothing is kept yet. */
export async function lookAt(wanted: OfferedChoice): Promise<void> {
  look.value = { state: "looking" };
  try {
    look.value = { state: "offered", choice: wanted, offer: await engine().describeModel(wanted) };
  } catch (error) {
    look.value = { state: "fault", fault: toFault(error) };
  }
}

export function dismiss(): void {
  look.value = { state: "none" };
}

/** Fetches and loads a model that was looked at, or one from the storage. */
export async function use(wanted: ModelChoice, name: string): Promise<void> {
  fault.value = undefined;
  try {
    await loadModel(wanted, name);
    announce(text.fetching.done(name));
    dismiss();
  } catch (error) {
    fault.value = toFault(error);
  }
  await refresh();
}

/** What lies in the storage, and how much room there is. */
export async function refresh(): Promise<void> {
  stored.value = await storedModels().catch(() => undefined);
  storage.value = await readStorage().catch(() => undefined);
}

async function readStorage(): Promise<Storage> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate();
  return { usage, quota, persisted: await navigator.storage.persisted() };
}

/** Whether the browser has promised to keep what is stored. */
export async function persist(): Promise<boolean> {
  const kept = await navigator.storage.persist();
  await refresh();
  return kept;
}

/** Every trace of the model is gone when this resolves, unless `fault` says otherwise. */
export async function remove(id: string): Promise<void> {
  fault.value = undefined;
  const inUse = isInUse(id);
  try {
    await removeModel(id);
  } catch {
    fault.value = toFault(faultError("Storage", text.stored.notDeleted));
  }
  await refresh();
  // The engine has it on the GPU still, but the next visit would look for it.
  if (inUse && !fault.value) await loadDemoModel();
}

export const isInUse = (id: string) => choice.value.kind === "stored" && choice.value.id === id;

/** Bytes that the browser would still take. */
export const freeBytes = () => (storage.value ? storage.value.quota - storage.value.usage : undefined);
