/** Import of adapter files. One that is here already, or has another's word, would act twice without a sign of it. */
import { signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import type { ProjectContents } from "../../engine/api";
import { type Fault, type FaultKind, toFault } from "../../engine/fault";
import { sameBytes } from "../../engine/same-bytes";
import { redrawn } from "../personalize/photos";
import {
  type Addition,
  add,
  fileNameFor,
  knownAs,
  type LibraryEntry,
  library,
  placeholders,
  setPhotos,
  storing,
  update,
} from "./library";
import { importedThumbnail, redrawnThumbnail } from "./thumbnail";

const words = text.adapters;

/** What is to be said of the files imported last: what is special about them, and why some were not imported. */
export const outcome = signal<(string | Fault)[]>([]);

/** Faults that say nothing against the next file. */
const OF_THE_FILE: readonly FaultKind[] = ["BadFile", "LocalFile"];

/** Imports all files that can be; throws the fault of an only file, and of the engine. */
export async function importAll(files: readonly File[]): Promise<void> {
  outcome.value = [];
  const said: string[] = [];
  for (const file of files) {
    try {
      const { entry, remark } = await importFile(file);
      if (remark) outcome.value = [...outcome.value, remark];
      said.push(remark ?? words.imported(entry.report.name));
    } catch (error) {
      const fault = toFault(error);
      if (files.length === 1 || !OF_THE_FILE.includes(fault.kind)) throw error;
      outcome.value = [...outcome.value, fault];
    }
  }
  if (said.length > 0) announce(said.join(" "));
}

export async function importFile(file: File): Promise<{ entry: LibraryEntry; remark?: string }> {
  const given = new Uint8Array(await file.arrayBuffer());
  const report = await engine().addAdapter(given, file.name);
  const project = await engine().openProject(given, file.name);
  const bytes = project ? await engine().exportAdapter(report.id) : given;
  const known = library.value.find((entry) => sameBytes(entry.bytes, bytes));
  if (known) {
    await engine().removeAdapter(report.id);
    return { entry: known, remark: words.alreadyHere(knownAs(known.report)) };
  }
  const taken = report.placeholders.some((word) => placeholders.value.includes(word));
  const addition = { report, fileName: file.name, bytes, saved: true, active: !taken };
  const entry = await (project ? addProject(addition, project) : addPlain(addition));
  return taken ? { entry, remark: words.sameWord(knownAs(report)) } : { entry };
}

async function addPlain(addition: Addition): Promise<LibraryEntry> {
  const entry = await add(addition);
  const jpeg = await importedThumbnail(addition.bytes);
  if (jpeg) update(entry.key, { preview: { jpeg, exported: true } });
  return entry;
}

/** Most photos taken from a foreign project: as many as a training takes. */
const MAX_PROJECT_PHOTOS = 30;

/** Redraws the photos one after the other, since each is large once it is unpacked. */
async function redrawnAll(photos: Uint8Array[]): Promise<Uint8Array[]> {
  const jpegs: Uint8Array[] = [];
  for (const photo of photos.slice(0, MAX_PROJECT_PHOTOS)) {
    const jpeg = await redrawn(photo);
    if (jpeg) jpegs.push(jpeg);
  }
  return jpegs;
}

/** Adds a project in its parts, so that its photos can be seen and deleted separately. */
async function addProject(
  addition: Addition,
  { settings, prompts, thumbnails, photos }: ProjectContents,
): Promise<LibraryEntry> {
  const fileName = fileNameFor(addition.report);
  const entry = await add({ ...addition, fileName, project: { settings, prompts } });
  const jpeg = thumbnails[0] && (await redrawnThumbnail(thumbnails[0]));
  if (jpeg) update(entry.key, { preview: { jpeg, exported: true } });
  if (photos.length > 0) await storing(redrawnAll(photos).then((jpegs) => setPhotos(entry.key, jpegs)));
  return entry;
}
