/** All kept pictures, or one of them large; a PNG dropped anywhere here gives its settings to Generate. */
import { useEffect } from "preact/hooks";
import { HeldFault } from "../../app/fault-notice";
import { shownFileName } from "../../app/file-name";
import { goTo, subject } from "../../app/navigation";
import { text } from "../../app/text";
import { Notice } from "../../ui/notice";
import { fillIn } from "../generate/restore";
import { DropOverlay } from "./drop-overlay";
import * as gallery from "./gallery";
import { Overview } from "./overview";
import { readSettings } from "./picture-file";
import { PicturePage } from "./picture-page";

const words = text.gallery;

export function GalleryScreen() {
  // Loaded on every visit of the screen, since another tab may have added or deleted pictures.
  useEffect(() => void gallery.load(), []);
  const id = subject.value;
  return (
    <div class="screen gallery">
      <DropOverlay label={words.dropHere} onFile={openFile} />
      <HeldFault of={gallery.fault} />
      <DamagedNotice />
      {id ? <PicturePage key={id} id={id} /> : <Overview onFile={openFile} />}
    </div>
  );
}

function openFile(file: File): Promise<void> {
  return gallery.attempt(async () => {
    const name = shownFileName(file.name);
    fillIn(await readSettings(file, name), { file: name });
    goTo("generate");
  });
}

function DamagedNotice() {
  const { length } = gallery.damaged.value;
  if (length === 0) return null;
  return (
    <Notice
      tone="hint"
      actions={
        <button type="button" class="button" onClick={gallery.dropDamaged}>
          {words.deleteDamaged}
        </button>
      }
    >
      {words.damaged(length)}
    </Notice>
  );
}
