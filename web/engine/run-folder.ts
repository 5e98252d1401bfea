/**
 * Storage of unfinished trainings: one folder per run in the browser's private file system, with two slots. A
 * new state overwrites the older slot, so that a tab killed at any instant leaves the other slot whole. The
 * page reads them; the worker writes them, as only workers may write in place.
 */
import { withLock } from "./locks";
import { decodeRun, type RunFile } from "./run-file";

export const RUNS_FOLDER = "unfinished-trainings";
export const SLOTS = ["one.run", "two.run"] as const;

export interface RunSlot {
  name: (typeof SLOTS)[number];
  run: RunFile | undefined;
}

/** Name of the lock that is held by the tab in which the run is under way. */
export const lockName = (id: string) => `palpable-training ${id}`;

/** Holds the run's lock during the work: the page from photos to adapter, and its worker, which may outlive it. */
export function whileLocked<T>(id: string, work: () => Promise<T>): Promise<T> {
  return withLock(lockName(id), { mode: "shared" }, work);
}

/** @throws the browser's error where it denies the page its file system, as in some private windows. */
export async function runsFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(RUNS_FOLDER, { create: true });
}

/** Reads both slots of a run; `run` is `undefined` for a slot without a whole file. */
export async function readSlots(folder: FileSystemDirectoryHandle): Promise<RunSlot[]> {
  return Promise.all(SLOTS.map(async (name) => ({ name, run: await readSlot(folder, name) })));
}

async function readSlot(folder: FileSystemDirectoryHandle, name: string): Promise<RunFile | undefined> {
  try {
    const file = await (await folder.getFileHandle(name)).getFile();
    return await decodeRun(new Uint8Array(await file.arrayBuffer()));
  } catch {
    return undefined;
  }
}

/** The latest whole state. */
export function latest(slots: readonly RunSlot[]): RunFile | undefined {
  const runs = slots.flatMap(({ run }) => (run ? [run] : []));
  return runs.sort((one, other) => other.facts.step - one.facts.step)[0];
}

/** The slot to write next: an empty or broken one, else the older. */
export function slotToWrite(slots: readonly RunSlot[]): RunSlot["name"] {
  const step = ({ run }: RunSlot) => run?.facts.step ?? -1;
  return [...slots].sort((one, other) => step(one) - step(other))[0]?.name ?? SLOTS[0];
}

export async function removeRun(id: string): Promise<void> {
  const folder = await runsFolder();
  await folder.removeEntry(id, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  });
}
