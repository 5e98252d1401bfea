/** Adapters as files in the visitor's downloads. */
import { announce } from "../../app/announce";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import { download } from "../../ui/download";
import { fileNameFor, type LibraryEntry, plainName, update } from "./library";

export async function exportFile(entry: LibraryEntry): Promise<void> {
  const fileName = fileNameFor(entry.report);
  download(await engine().exportAdapter(entry.report.id), fileName);
  update(entry.key, { saved: true });
  announce(text.adapters.exported(fileName));
}

export async function exportWord(entry: LibraryEntry): Promise<void> {
  const bytes = await engine().exportEmbedding(entry.report.id);
  if (!bytes) return;
  const fileName = `${plainName(entry.report)}.embedding.safetensors`;
  download(bytes, fileName);
  announce(text.adapters.exported(fileName));
}
