/** Photos that are dropped or pasted: files as they are, and of folders the photos that lie in them. */
import { shownFileName } from "../app/file-name";
import { text } from "../app/text";

export interface DroppedPhotos {
  files: File[];
  /** About folders without any, and folders that can't be read, a sentence each. */
  problems: string[];
}

/** By their names' endings, as entries have no types. Other systems' hidden copies begin with a dot. */
const PHOTO = /^[^.].*\.(jpe?g|jfif|png|webp|hei[cf]|hif|avif)$/i;
/** What the command line takes for a photo's mask. */
const MASK = /\.mask\.png$/i;
/** Folders are read so far below the dropped one: a trip's days, an album's years. */
const DEEPEST = 3;
/** Bounds for a folder that was dropped by mistake, as a whole disk's. */
const MOST_ENTRIES = 10_000;
const MOST_PHOTOS = 30;

const byPath = new Intl.Collator(undefined, { numeric: true });

/** Reads the transfer at once, as browsers empty it after its event; folders are read afterwards. */
export function droppedPhotos(transfer: DataTransfer): DroppedPhotos | Promise<DroppedPhotos> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const folders = entries.filter((entry) => entry.isDirectory);
  const names = new Set(folders.map(({ name }) => name));
  // Browsers list a folder as a file too, one that can't be read.
  const files = [...transfer.files].filter(({ name }) => !names.has(name));
  if (folders.length === 0) return { files, problems: [] };
  return withFolders(files, folders as FileSystemDirectoryEntry[]);
}

async function withFolders(
  files: readonly File[],
  folders: readonly FileSystemDirectoryEntry[],
): Promise<DroppedPhotos> {
  const all: DroppedPhotos = { files: [...files], problems: [] };
  for (const folder of folders) {
    const name = shownFileName(folder.name);
    try {
      const found = await photosOf(folder);
      all.files.push(...found);
      if (found.length === 0) all.problems.push(text.photos.noneInFolder(name));
    } catch {
      all.problems.push(text.photos.folderUnreadable(name));
    }
  }
  return all;
}

/** The first photos by their paths, of which numbers count as numbers. */
async function photosOf(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const found: FileSystemFileEntry[] = [];
  let left = MOST_ENTRIES;
  const look = async (into: FileSystemDirectoryEntry, depth: number): Promise<void> => {
    const reader = into.createReader();
    while (left > 0) {
      // Each call gives some of the entries; an empty list marks the end.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return;
      left -= some.length;
      for (const entry of some) {
        if (entry.isFile && PHOTO.test(entry.name) && !MASK.test(entry.name)) {
          found.push(entry as FileSystemFileEntry);
        }
        if (entry.isDirectory && depth < DEEPEST) await look(entry as FileSystemDirectoryEntry, depth + 1);
      }
    }
  };
  await look(folder, 0);
  const first = found
    .sort((one, other) => byPath.compare(one.fullPath, other.fullPath))
    .slice(0, MOST_PHOTOS);
  return Promise.all(
    first.map((entry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject))),
  );
}
