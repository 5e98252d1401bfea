/** Adapters as files: into the visitor's downloads, or to another app by the system's share sheet. */
import { announce } from "../../app/announce";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import type { ExportFormat } from "../../engine/contract";
import { download } from "../../ui/download";
import { type LibraryEntry, plainName, update } from "./library";
import { withNote } from "./safetensors-metadata";

export async function exportFile(entry: LibraryEntry, format: ExportFormat = "kohya"): Promise<void> {
  const file = await asFile(entry, format);
  download(file, file.name);
  update(entry.key, { saved: true });
  announce(text.adapters.exported(file.name));
}

/** Whether the system has a share sheet that takes files, as phones do. */
export const canShare = (): boolean =>
  navigator.canShare?.({ files: [new File([], "adapter.safetensors")] }) ?? false;

/** By the share sheet; where it refuses this kind of file, as Android does, the file is downloaded instead. */
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

async function asFile({ report, note, preview }: LibraryEntry, format: ExportFormat): Promise<File> {
  const thumbnail = preview?.exported ? preview.jpeg : undefined;
  const bytes = withNote(await engine().exportAdapter(report.id, format, thumbnail), note, thumbnail);
  // The engine gives every file a title; one of the visitor's own names the file too.
  const ownTitle = note.title !== "" && note.title !== report.name;
  const stem = ownTitle ? safeName(note.title) : plainName(report);
  const name = stem + extensionOf(bytes, format);
  return new File([bytes as BlobPart], name, { type: "application/octet-stream" });
}

/** Some formats are several files, which then come as a zip archive. */
function extensionOf(bytes: Uint8Array, format: ExportFormat): string {
  const isArchive = bytes[0] === 0x50 && bytes[1] === 0x4b;
  if (!isArchive) return format === "kohya" ? ".safetensors" : `.${format}.safetensors`;
  return format === "project" ? ".palpable.zip" : `.${format}.zip`;
}

/** What every file system takes. */
export const safeName = (title: string) =>
  title
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}._ -]+/gu, "-")
    .replace(/^[-. ]+|[-. ]+$/g, "")
    .slice(0, 80) || "adapter";

export async function exportWord(entry: LibraryEntry): Promise<void> {
  const bytes = await engine().exportEmbedding(entry.report.id);
  if (!bytes) return;
  const fileName = `${plainName(entry.report)}.embedding.safetensors`;
  download(bytes, fileName);
  announce(text.adapters.exported(fileName));
}
