/**
 * Deletes everything that the page keeps in this browser: pictures, adapters, trainings, models, choices, itself. What
 * other sites keep stays: in a folder of a host the page shares the browser's storage with its neighbours.
 */
import { signal } from "@preact/signals";
import { faultError } from "../engine/fault";
import { MODELS_FOLDER } from "../engine/model-folder";
import { RUNS_FOLDER } from "../engine/run-folder";
import { closeEngine, openEngine } from "./studio";
import { text } from "./text";
import { anyTabWorks } from "./working";

/** Whether everything was deleted. The page then shows nothing else: whatever it did would be kept again. */
export const wiped = signal(false);

/** @throws a fault of kind `Storage` with a sentence, if a tab is at work or the browser won't delete. */
export async function wipe(): Promise<void> {
  if (await anyTabWorks()) throw faultError("Storage", text.wipe.working);
  closeEngine();
  try {
    await Promise.all([wipeFiles(), wipeDatabases(), wipeCaches()]);
    for (const choices of [localStorage, sessionStorage]) {
      for (const key of Object.keys(choices).filter(isOurs)) choices.removeItem(key);
    }
  } catch {
    void openEngine();
    throw faultError("Storage", text.wipe.failed);
  }
  wiped.value = true;
}

/** The names of databases, caches and choices all begin so; the service worker's own cache too. */
const isOurs = (name: string) => name.startsWith("palpable-");

async function wipeFiles(): Promise<void> {
  // If the browser denies the page its file system, nothing was ever stored there.
  const root = await navigator.storage.getDirectory().catch(() => undefined);
  if (!root) return;
  const names: string[] = [];
  for await (const name of root.keys()) names.push(name);
  const ours = names.filter((name) => name === MODELS_FOLDER || name === RUNS_FOLDER);
  await Promise.all(ours.map((name) => root.removeEntry(name, { recursive: true })));
}

/** Deletes the databases. Open connections, also other tabs', close when notified: see `database.ts`. */
async function wipeDatabases(): Promise<void> {
  const databases = await indexedDB.databases().catch(() => []);
  const names = databases.map(({ name = "" }) => name).filter(isOurs);
  await Promise.all(
    names.map(
      (name) =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.deleteDatabase(name);
          request.onsuccess = () => resolve();
          request.onerror = () => reject(request.error);
        }),
    ),
  );
}

/** Deletes the caches, the service worker first: it would otherwise answer from deleted caches. */
async function wipeCaches(): Promise<void> {
  await (await navigator.serviceWorker?.getRegistration())?.unregister();
  if (!("caches" in window)) return;
  const names = (await caches.keys()).filter(isOurs);
  await Promise.all(names.map((name) => caches.delete(name)));
}
