/** Deletes everything that the page keeps in this browser: pictures, adapters, trainings, models, choices, itself. */
import { signal } from "@preact/signals";
import { faultError } from "../engine/fault";
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
    localStorage.clear();
    sessionStorage.clear();
  } catch {
    void openEngine();
    throw faultError("Storage", text.wipe.failed);
  }
  wiped.value = true;
}

async function wipeFiles(): Promise<void> {
  // If the browser denies the page its file system, nothing was ever stored there.
  const root = await navigator.storage.getDirectory().catch(() => undefined);
  if (!root) return;
  const names: string[] = [];
  for await (const name of root.keys()) names.push(name);
  await Promise.all(names.map((name) => root.removeEntry(name, { recursive: true })));
}

/** Deletes the databases. Open connections, also other tabs', close when notified: see `database.ts`. */
async function wipeDatabases(): Promise<void> {
  const databases = await indexedDB.databases().catch(() => []);
  await Promise.all(
    databases.map(
      ({ name = "" }) =>
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
  const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(workers.map((worker) => worker.unregister()));
  if (!("caches" in window)) return;
  const names = await caches.keys();
  await Promise.all(names.map((name) => caches.delete(name)));
}
