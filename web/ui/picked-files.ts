/** Files of this device with their places in the folders that were dropped or picked. */
import { handleOf } from "./file-system-access";

export interface PickedFile {
  /** Name of the file after the names of its folders, from the chosen folder on. */
  path: string;
  file: File;
  /** Handle of what was picked, if the browser gives one: the file itself or a folder that contains it. */
  handle?: FileSystemHandle;
}

/**
 * Depth of folders that are read below the chosen one. The files looked for lie in the chosen folder or one
 * below it, and repositories have no deeper ones.
 */
const DEEPEST = 3;

/** Files of an input element; if a folder was chosen, with their paths in it. */
export const fromInput = (files: Iterable<File>): PickedFile[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Files of a drop, also of folders. Must be called while the event is handled: browsers empty it afterwards. */
export async function fromDrop(transfer: DataTransfer): Promise<PickedFile[]> {
  const found = [...transfer.items].map(async (item) => {
    const entry = item.webkitGetAsEntry();
    const handle = await handleOf(item);
    if (handle) return fromHandle(handle);
    return entry ? fromEntry(entry, 0) : [];
  });
  return (await Promise.all(found)).flat();
}

/** `wanted`: names of the files to take. `budget`: how many entries of folders may still be looked at. */
export async function fromEntry(
  entry: FileSystemEntry,
  depth: number,
  wanted = /^/,
  budget = { left: Number.POSITIVE_INFINITY },
): Promise<PickedFile[]> {
  if (entry.isFile) {
    if (!wanted.test(entry.name)) return [];
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  if (!entry.isDirectory || depth > DEEPEST) return [];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: PickedFile[] = [];
  while (budget.left > 0) {
    // Each call gives some of the entries; an empty list marks the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    budget.left -= some.length;
    for (const child of some) found.push(...(await fromEntry(child, depth + 1, wanted, budget)));
  }
  return found;
}

/** Files of a file or folder handle that the File System Access API gave, now or at an earlier visit. */
export async function fromHandle(handle: FileSystemHandle): Promise<PickedFile[]> {
  const files =
    handle.kind === "file"
      ? [{ path: handle.name, file: await (handle as FileSystemFileHandle).getFile() }]
      : await fromDirectory(handle as FileSystemDirectoryHandle, handle.name, 0);
  return files.map((file) => ({ ...file, handle }));
}

async function fromDirectory(
  directory: FileSystemDirectoryHandle,
  path: string,
  depth: number,
): Promise<PickedFile[]> {
  const found: PickedFile[] = [];
  for await (const [name, handle] of directory.entries()) {
    const place = `${path}/${name}`;
    if (handle.kind === "file") {
      found.push({ path: place, file: await (handle as FileSystemFileHandle).getFile() });
    } else if (depth < DEEPEST) {
      found.push(...(await fromDirectory(handle as FileSystemDirectoryHandle, place, depth + 1)));
    }
  }
  return found;
}
