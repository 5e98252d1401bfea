/** Exports adapters as files: to the visitor's downloads, or to another app by the system's share sheet. */
import { announce } from "../../app/announce";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import type { ExportFormat } from "../../engine/contract/adapters";
import { download } from "../../ui/download";
import { promptsWith } from "../gallery/gallery";
import { type LibraryEntry, plainName, update } from "./library";
import { withNote } from "./safetensors-metadata";
import { readPhotos } from "./store";

/** Most prompts, and characters of a prompt, that a project's manifest takes. */
const MAX_PROMPTS = 200;
const MAX_PROMPT = 2000;

export async function exportFile(entry: LibraryEntry, format: ExportFormat = "kohya"): Promise<void> {
  save(entry, await asFile(entry, format));
}

/** Exports the adapter with training settings, Gallery prompts and, only if asked for, its photos. */
export async function exportProject(entry: LibraryEntry, withPhotos: boolean): Promise<void> {
  const { settings = {}, prompts = [] } = entry.project ?? {};
  const all = new Set([...prompts, ...(await promptsWith(plainName(entry.report)))]);
  const bytes = await engine().exportProject(entry.report.id, {
    settings,
    prompts: [...all].filter((prompt) => prompt.length <= MAX_PROMPT).slice(0, MAX_PROMPTS),
    thumbnails: entry.preview?.exported ? [entry.preview.jpeg] : [],
    photos: withPhotos ? await readPhotos(entry.key) : [],
  });
  save(entry, fileOf(bytes, `${stemOf(entry)}.palpable.zip`));
}

function save(entry: LibraryEntry, file: File): void {
  download(file, file.name);
  update(entry.key, { saved: true });
  announce(text.adapters.exported(file.name));
}

/** Whether the system has a share sheet that takes files, as phones do. */
export const canShare = (): boolean =>
  navigator.canShare?.({ files: [new File([], "adapter.safetensors")] }) ?? false;

/** Shares the file by the share sheet; if that refuses the kind of file, as on Android, downloads it. */
export async function share(entry: LibraryEntry): Promise<void> {
  const file = await asFile(entry, "kohya");
  try {
    await navigator.share({ files: [file], title: file.name });
    update(entry.key, { saved: true });
  } catch (error) {
    // The visitor closed the sheet.
    if (error instanceof DOMException && error.name === "AbortError") return;
    await exportFile(entry);
  }
}

async function asFile(entry: LibraryEntry, format: ExportFormat): Promise<File> {
  const { report, note, preview } = entry;
  const thumbnail = preview?.exported ? preview.jpeg : undefined;
  const bytes = withNote(await engine().exportAdapter(report.id, format), note, thumbnail);
  return fileOf(bytes, stemOf(entry) + extensionOf(bytes, format));
}

const fileOf = (bytes: Uint8Array, name: string) =>
  new File([bytes as BlobPart], name, { type: "application/octet-stream" });

/** File name without extension. The engine titles every file; a title by the visitor also names the file. */
const stemOf = ({ report, note }: LibraryEntry) =>
  note.title !== "" && note.title !== report.name ? safeName(note.title) : plainName(report);

/** File extension. Some formats consist of several files, which come as a zip archive. */
function extensionOf(bytes: Uint8Array, format: ExportFormat): string {
  if (isArchive(bytes)) return `.${format}.zip`;
  return format === "kohya" ? ".safetensors" : `.${format}.safetensors`;
}

/** A zip archive begins with these; the first two alone could be the length of a safetensors header. */
const ARCHIVE = [0x50, 0x4b, 0x03, 0x04];

const isArchive = (bytes: Uint8Array) => ARCHIVE.every((byte, place) => bytes[place] === byte);

/** Turns a title into a file name that every file system takes. */
export const safeName = (title: string) =>
  title
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}._ -]+/gu, "-")
    .replace(/^[-. ]+|[-. ]+$/g, "")
    .slice(0, 80) || "adapter";

/** The words alone: of several, an archive with a file each. Other programs take a file's name for its word. */
export async function exportWords(entry: LibraryEntry): Promise<void> {
  const bytes = await engine().exportAdapter(entry.report.id, "embedding");
  const fileName = isArchive(bytes) ? `${stemOf(entry)}.words.zip` : `${plainName(entry.report)}.safetensors`;
  download(bytes, fileName);
  announce(text.adapters.exported(fileName));
}
