/** A model among files that were dropped or picked: what of them it may consist of, by paths in its folder. */
import type { FilesChoice } from "../../engine/model-choice";

type Picked = FilesChoice["files"];

/** Anything else in a folder is no part of a model. Pickles are, so that they can be refused in a sentence. */
const PART = /\.(json|txt|safetensors|ckpt|bin|pt)$/i;
/** Folders below the one that was chosen: parts lie in folders of their own, and repositories have no deeper ones. */
const DEEPEST = 3;

/** A choice of them, or `undefined` where no model can be among them. */
export function choiceOf(picked: Picked, keep: boolean): FilesChoice | undefined {
  const parts = picked.filter(({ path }) => PART.test(path));
  const index = parts
    .filter(({ path }) => /(^|\/)model_index\.json$/.test(path))
    .sort((one, other) => one.path.length - other.path.length)[0];
  if (index) {
    const root = index.path.slice(0, -"model_index.json".length);
    const files = parts
      .filter(({ path }) => path.startsWith(root))
      .map(({ path, file }) => ({ path: path.slice(root.length), file }));
    const name = root.split("/").filter(Boolean).at(-1) ?? "model";
    return { kind: "files", name, files, keep };
  }
  const checkpoints = parts.filter(({ path }) => /\.(safetensors|ckpt|bin|pt)$/i.test(path));
  const [first] = checkpoints;
  return first && { kind: "files", name: baseName(first.path), files: checkpoints, keep };
}

const baseName = (path: string) => path.split("/").at(-1) ?? path;

/** Of an input element: with the folder's paths where a folder was chosen. */
export const fromInput = (files: Iterable<File>): Picked =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Of a drop, also of folders. Must be called while the event is handled: browsers empty it afterwards. */
export async function fromDrop(transfer: DataTransfer): Promise<Picked> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  return (await Promise.all(entries.map((entry) => fromEntry(entry, 0)))).flat();
}

async function fromEntry(entry: FileSystemEntry, depth: number): Promise<Picked> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  if (!entry.isDirectory || depth > DEEPEST) return [];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Picked = [];
  for (;;) {
    // A part of the entries each time, none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    for (const child of some) found.push(...(await fromEntry(child, depth + 1)));
  }
}

/** Of a folder that the File System Access API gave. */
export async function fromDirectory(
  directory: FileSystemDirectoryHandle,
  path = directory.name,
  depth = 0,
): Promise<Picked> {
  const found: Picked = [];
  for await (const [name, handle] of directory.entries()) {
    const place = `${path}/${name}`;
    if (handle.kind === "file") {
      if (PART.test(name))
        found.push({ path: place, file: await (handle as FileSystemFileHandle).getFile() });
    } else if (depth < DEEPEST) {
      found.push(...(await fromDirectory(handle as FileSystemDirectoryHandle, place, depth + 1)));
    }
  }
  return found;
}
