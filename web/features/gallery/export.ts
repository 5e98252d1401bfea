/** Several pictures as one zip, each PNG as it was kept. */
import { downloadZip } from "client-zip";
import { announce } from "../../app/announce";
import { text } from "../../app/text";
import { faultError } from "../../engine/fault";
import { download } from "../../ui/download";
import type { Entry } from "./gallery";
import { readPicture } from "./store";

/** Exports pictures as a zip. Rejects with a sentence if some can't be read; the others are exported. */
export async function exportZip(entries: readonly Entry[]): Promise<void> {
  let read = 0;
  async function* files() {
    for (const [index, entry] of entries.entries()) {
      const input = await readPicture(entry.id);
      if (!input) continue;
      read++;
      yield { name: nameInZip(index, entry), lastModified: new Date(entry.savedAt), input };
    }
  }
  const zip = await downloadZip(files()).blob();
  const day = new Date().toISOString().slice(0, 10);
  if (read > 0) download(zip, `palpable-pictures-${day}.zip`);
  announce(text.gallery.exported(read));
  if (read < entries.length) {
    throw faultError("Storage", text.gallery.problems.leftOut(entries.length - read));
  }
}

/** File name in the zip. Made of numbers only, so that no two are the same and no prompt can name a path. */
function nameInZip(index: number, { settings }: Entry): string {
  return `palpable-${String(index + 1).padStart(4, "0")}-seed-${settings.seed}.png`;
}
