/**
 * The File System Access API, which the types don't know yet and only some browsers have (Chromium's). Picked
 * files come with a handle, which a database can keep: by it a later visit reads the same file or folder
 * again, after the browser has asked the visitor.
 */

interface Pickers {
  showOpenFilePicker?(options: {
    multiple: boolean;
    types: { accept: Record<string, string[]> }[];
  }): Promise<FileSystemHandle[]>;
  showDirectoryPicker?(): Promise<FileSystemHandle>;
}

interface Asking {
  queryPermission?(): Promise<PermissionState>;
  requestPermission?(): Promise<PermissionState>;
}

interface DroppedItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

const pickers = () => window as unknown as Pickers;

export const givesHandles = () => pickers().showOpenFilePicker !== undefined;

/** Handles of picked files; empty if nothing was picked, `undefined` if the browser won't open the picker. */
type Opening = Promise<FileSystemHandle[] | undefined>;

/** `undefined` if the browser has no such picker. `accept`: name endings, as input elements take them. */
export function openFilePicker(accept: string, multiple: boolean): Opening | undefined {
  const types = [{ accept: { "application/octet-stream": accept.split(",") } }];
  return settled(pickers().showOpenFilePicker?.({ multiple, types }));
}

/** `undefined` where the browser has no such picker. */
export const openFolderPicker = (): Opening | undefined =>
  settled(
    pickers()
      .showDirectoryPicker?.()
      .then((folder) => [folder]),
  );

function settled(picked: Promise<FileSystemHandle[]> | undefined): Opening | undefined {
  return picked?.catch((error: unknown) =>
    // Closing the picker is no failure.
    error instanceof DOMException && error.name === "AbortError" ? [] : undefined,
  );
}

/** Must be called while the drop is handled: browsers empty it afterwards. */
export const handleOf = (item: DataTransferItem): Promise<FileSystemHandle | null> | undefined =>
  (item as unknown as DroppedItem).getAsFileSystemHandle?.().catch(() => null);

/** Whether the handle may be read without asking the visitor. */
export const mayRead = async (handle: FileSystemHandle): Promise<boolean> =>
  (await (handle as Asking).queryPermission?.()) === "granted";

/** Asks the visitor for permission if needed; only allowed while their press is being handled. */
export const askToRead = async (handle: FileSystemHandle): Promise<boolean> =>
  (await (handle as Asking).requestPermission?.()) === "granted";
