/** Photos that are dropped or pasted: files as they are, and of folders the photos that lie in them. */
import { shownFileName } from "../app/file-name";
import { text } from "../app/text";
import { fromEntry } from "./picked-files";

export interface DroppedPhotos {
  files: File[];
  /** What is to be said of the folders. */
  problems: string[];
}

/** By names, as entries have no types; no hidden copies, no masks. */
const PHOTO = /^(?!\.|.*\.mask\.png$).*\.(jpe?g|jfif|png|webp|hei[cf]|hif|avif)$/i;
/** Of a folder that was dropped by mistake, as a whole disk's. */
const MOST_ENTRIES = 10_000;
const MOST_PHOTOS = 30;

const { compare } = new Intl.Collator(undefined, { numeric: true });

/** To be called at once: browsers empty the transfer after its event. */
export function droppedPhotos(transfer: DataTransfer): DroppedPhotos | Promise<DroppedPhotos> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const folders = entries.filter((entry) => entry?.isDirectory) as FileSystemEntry[];
  // Browsers list a folder as a file too, one that can't be read.
  const files = [...transfer.files].filter(({ name }) => !folders.some((folder) => folder.name === name));
  return folders.length === 0 ? { files, problems: [] } : withFolders(files, folders);
}

async function withFolders(files: File[], folders: readonly FileSystemEntry[]): Promise<DroppedPhotos> {
  const problems: string[] = [];
  for (const folder of folders) {
    try {
      const found = await fromEntry(folder, 0, PHOTO, { left: MOST_ENTRIES });
      if (found.length === 0) problems.push(text.photos.noneInFolder(shownFileName(folder.name)));
      found.sort((one, other) => compare(one.path, other.path));
      files.push(...found.slice(0, MOST_PHOTOS).map(({ file }) => file));
    } catch {
      problems.push(text.unreadableFiles);
    }
  }
  return { files, problems };
}
