/** Stores the state of the training under way so that it survives a killed tab whole: see `run-folder.ts`. */
import { encodeRun, type RunFile } from "../run-file";
import { latest, readSlots, runsFolder, SLOTS, slotToWrite } from "../run-folder";

/** Why a state was not kept. */
export type KeepProblem = "full" | "unavailable";

export class RunKeeper {
  readonly #id: string;
  /** The slot to write next; determined at the first write. */
  #next: (typeof SLOTS)[number] | undefined;

  constructor(id: string) {
    this.#id = id;
  }

  /** Overwrites the older of the run's two states. Returns the problem if that failed. */
  async keep(run: RunFile): Promise<KeepProblem | undefined> {
    try {
      const folder = await (await runsFolder()).getDirectoryHandle(this.#id, { create: true });
      const name = this.#next ?? slotToWrite(await readSlots(folder));
      // Should this write break off, the next one goes to the same slot: the other one is whole.
      this.#next = name;
      await writeWhole(await folder.getFileHandle(name, { create: true }), await encodeRun(run));
      this.#next = SLOTS.find((other) => other !== name);
      return undefined;
    } catch (error) {
      return error instanceof DOMException && error.name === "QuotaExceededError" ? "full" : "unavailable";
    }
  }
}

/** Synchronous access to a file. Only workers have it, so the page's types lack it. */
interface InPlace {
  createSyncAccessHandle(): Promise<{
    truncate(size: number): void;
    write(bytes: Uint8Array, options: { at: number }): number;
    flush(): void;
    close(): void;
  }>;
}

async function writeWhole(slot: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  const access = await (slot as unknown as InPlace).createSyncAccessHandle();
  try {
    access.truncate(0);
    const written = access.write(bytes, { at: 0 });
    if (written < bytes.length) throw new DOMException("cut off", "QuotaExceededError");
    access.flush();
  } finally {
    access.close();
  }
}

/** The run's latest whole state. */
export async function readRun(id: string): Promise<RunFile | undefined> {
  const folder = await (await runsFolder()).getDirectoryHandle(id).catch(() => undefined);
  return folder && latest(await readSlots(folder));
}
