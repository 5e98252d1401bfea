/**
 * The adapters at hand: in the engine, and with their files in the browser's storage, from which they come back after
 * a reload or when the engine had to be started afresh. `key` stays the same then, the engine's own id changes.
 */
import { computed, signal } from "@preact/signals";
import { listed } from "../../app/format";
import { engine, whenEngineOpens } from "../../app/studio";
import type { ProjectContents } from "../../engine/api";
import type { AdapterReport, ProjectWords, TrainingSettings } from "../../engine/contract";
import { type Fault, needsFreshEngine, toFault } from "../../engine/fault";
import { model, whenModelIsChosen } from "../models/model";
import { redrawn } from "../personalize/photos";
import { type AdapterNote, noteOf } from "./safetensors-metadata";
import * as store from "./store";
import { importedThumbnail, redrawnThumbnail } from "./thumbnail";

export interface LibraryEntry {
  key: string;
  report: AdapterReport;
  fileName: string;
  bytes: Uint8Array;
  active: boolean;
  strength: number;
  /** False for one that was trained here and has never been saved as a file. */
  saved: boolean;
  /** Whether the browser's storage holds it. */
  kept: boolean;
  /** Milliseconds since 1970. */
  addedAt: number;
  /** What a person says about it, in the file or here. */
  note: AdapterNote;
  /** The picture that it is known by, once there is one. */
  preview?: store.AdapterPreview;
  /** How it was trained, and prompts from the project that brought it. */
  project?: ProjectWords;
  /** How many photos are kept with it. */
  photos: number;
}

/** What was here or lies in the storage but can't be used: damaged, or refused by the engine. */
export interface UnusableEntry {
  key: string;
  fileName: string | undefined;
  /** Why the engine refused it; it may take it with another model. */
  fault: Fault | undefined;
  /** What lies nowhere else. */
  unkept?: Candidate;
}

/** What the engine shall take. */
type Candidate = Omit<LibraryEntry, "report">;

export const library = signal<LibraryEntry[]>([]);
export const unusable = signal<UnusableEntry[]>([]);
/** Why what is here is not in the browser's storage, or could not be read from it. */
export const storageFault = signal<Fault | undefined>(undefined);

export const placeholders = computed(() => library.value.flatMap(({ report }) => report.placeholders));
/** How prompts name what was learnt. */
export const phrases = computed(() => library.value.flatMap(({ report }) => report.phrases));
/** What would be lost with the tab. */
export const hasUnsaved = computed(() => {
  const refused = unusable.value.flatMap(({ unkept }) => unkept ?? []);
  return [...library.value, ...refused].some((entry) => !entry.saved && !entry.kept);
});

/** What is added: an adapter that the engine holds, its file, and under which key its photos lie, if any are kept. */
interface Addition extends Pick<LibraryEntry, "report" | "fileName" | "bytes" | "saved"> {
  key?: string;
  project?: ProjectWords | undefined;
}

async function add({ key = crypto.randomUUID(), project, ...addition }: Addition): Promise<LibraryEntry> {
  const { report, fileName, bytes, saved } = addition;
  const photos = (await store.readPhotos(key).catch(() => [])).length;
  const entry: LibraryEntry = {
    ...{ key, report, fileName, bytes, saved, photos },
    ...{ active: true, strength: 1, kept: false, addedAt: Date.now(), note: noteOf(bytes) },
    ...(project ? { project } : {}),
  };
  storageFault.value = undefined;
  entry.kept = await storing(store.put({ key, facts: factsOf(entry), bytes }));
  library.value = library.value.concat(entry);
  return entry;
}

/** Whether it could be stored; what kept it from that is shown with the adapters. */
async function storing(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    storageFault.value = toFault(error);
    return false;
  }
}

/** Tries again to store what found no room. */
export async function storeAgain(key: string): Promise<void> {
  const entry = library.value.find((entry) => entry.key === key);
  if (!entry || entry.kept) return;
  storageFault.value = undefined;
  const kept = await storing(store.put({ key, facts: factsOf(entry), bytes: entry.bytes }));
  library.value = library.value.map((entry) => (entry.key === key ? { ...entry, kept } : entry));
}

export function update(
  key: string,
  change: Partial<Pick<LibraryEntry, "active" | "strength" | "saved" | "note" | "preview" | "photos">>,
): void {
  library.value = library.value.map((entry) => (entry.key === key ? { ...entry, ...change } : entry));
  const entry = library.value.find((entry) => entry.key === key);
  if (entry?.kept) void storing(store.setFacts(key, factsOf(entry)));
}

const factsOf = (entry: LibraryEntry): store.StoredFacts => {
  const { fileName, active, strength, saved, addedAt, note, preview, project, photos } = entry;
  return {
    ...{ fileName, active, strength, saved, addedAt, note, photos },
    ...(preview ? { preview } : {}),
    ...(project ? { project } : {}),
  };
};

/** What made an adapter: its photos, where they are kept, lie under the training's id. */
export interface MadeBy {
  id: string;
  settings: TrainingSettings;
}

const madeBy = ({ id, settings }: MadeBy) => ({
  key: id,
  project: { settings: { ...settings }, prompts: [] },
  saved: false,
});

/** Takes an adapter that the engine already holds, fresh from training. */
export async function keepTrained(report: AdapterReport, run: MadeBy): Promise<LibraryEntry> {
  const bytes = await engine().exportAdapter(report.id);
  return add({ report, fileName: fileNameFor(report), bytes, ...madeBy(run) });
}

/** Keeps what a broken-off training had saved last. */
export async function keepBrokenOff(bytes: Uint8Array, run: MadeBy): Promise<LibraryEntry> {
  const fileName = `${bareWord(run.settings.placeholder)}.safetensors`;
  return add({ report: await engine().addAdapter(bytes, fileName), fileName, bytes, ...madeBy(run) });
}

export async function importFile(file: File): Promise<LibraryEntry> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const report = await engine().addAdapter(bytes, file.name);
  const project = await engine().openProject(bytes, file.name);
  if (project) return addProject(report, project);
  const entry = await add({ report, fileName: file.name, bytes, saved: true });
  const jpeg = await importedThumbnail(bytes);
  if (jpeg) update(entry.key, { preview: { jpeg, exported: true } });
  return entry;
}

/** Most photos taken from a foreign project: as many as a training takes. */
const MAX_PROJECT_PHOTOS = 30;

/** One after the other, since each is large once it is unpacked. */
async function redrawnAll(photos: Uint8Array[]): Promise<Uint8Array[]> {
  const jpegs: Uint8Array[] = [];
  for (const photo of photos.slice(0, MAX_PROJECT_PHOTOS)) {
    const jpeg = await redrawn(photo);
    if (jpeg) jpegs.push(jpeg);
  }
  return jpegs;
}

/** In its parts, so that its photos can be seen and deleted by themselves. */
async function addProject(report: AdapterReport, project: ProjectContents): Promise<LibraryEntry> {
  const { settings, prompts, thumbnails, photos } = project;
  const bytes = await engine().exportAdapter(report.id);
  const words = { settings, prompts };
  const entry = await add({ report, fileName: fileNameFor(report), bytes, saved: true, project: words });
  const jpeg = thumbnails[0] && (await redrawnThumbnail(thumbnails[0]));
  if (jpeg) update(entry.key, { preview: { jpeg, exported: true } });
  if (photos.length > 0) await storing(redrawnAll(photos).then((jpegs) => setPhotos(entry.key, jpegs)));
  return entry;
}

/** From the storage too, where it may not come back from. */
export async function remove(entry: LibraryEntry): Promise<void> {
  if (entry.kept) await store.remove(entry.key);
  await engine().removeAdapter(entry.report.id);
  library.value = library.value.filter(({ key }) => key !== entry.key);
}

/** What is kept with the adapter from now on; nothing where the adapter itself is gone. */
export async function setPhotos(key: string, jpegs: Uint8Array[]): Promise<void> {
  if (!library.value.some((entry) => entry.key === key)) return;
  await (jpegs.length > 0 ? store.putPhotos(key, jpegs) : store.removePhotos(key));
  update(key, { photos: jpegs.length });
}

export async function removeUnusable(key: string): Promise<void> {
  await store.remove(key);
  unusable.value = unusable.value.filter((entry) => entry.key !== key);
}

export const bareWord = (placeholder: string) => placeholder.replace(/[<>]/g, "");

/** Its words, or the file's name where it has none. */
export const knownAs = ({ placeholders, name }: AdapterReport) =>
  placeholders.length > 0 ? listed(placeholders) : name;

/** `my-dog`: the name that web UIs show, and the trigger word for those that take it from there. */
export const plainName = (report: AdapterReport) => bareWord(report.placeholder ?? report.name);

export const fileNameFor = (report: AdapterReport) => `${plainName(report)}.safetensors`;

/** Gives a fresh engine what is here and what the storage holds. */
export const bringBack = () => bring(library.value);

/** Gives the engine what it could not be given before: because there was no model, or one of another kind. */
export const bringRest = () => bring([]);

/** An adapter that the engine refuses keeps no other one away. `again`: of the library, what it doesn't hold. */
async function bring(again: LibraryEntry[]): Promise<void> {
  if (model.value.state !== "ready") return;
  const stored = await store.list().catch((error: unknown): store.Listing => {
    storageFault.value = toFault(error);
    return { whole: [], damaged: [] };
  });
  const refused: UnusableEntry[] = stored.damaged.map((key) => ({
    key,
    fileName: undefined,
    fault: undefined,
  }));
  const known = new Set(library.value.map(({ key }) => key));
  const fromStorage = stored.whole
    .filter(({ key }) => !known.has(key))
    .map(({ key, facts, bytes }) => ({ key, bytes, kept: true, photos: 0, ...facts }));
  const unkept = unusable.value.flatMap(({ unkept }) => unkept ?? []);
  const candidates: Candidate[] = [...again, ...fromStorage, ...unkept];
  const entries: LibraryEntry[] = [];
  for (const entry of candidates) {
    const { key, bytes, fileName, kept } = entry;
    try {
      entries.push({ ...entry, report: await engine().addAdapter(bytes, fileName) });
    } catch (error) {
      const fault = toFault(error);
      // Not the adapter's fault: all of them will be tried again.
      if (needsFreshEngine(fault)) throw error;
      refused.push({ key, fileName, fault, ...(kept ? {} : { unkept: entry }) });
    }
  }
  // What is in the engine already, or was imported meanwhile, stays.
  const tried = new Set(candidates.map(({ key }) => key));
  const others = library.value.filter(({ key }) => !tried.has(key));
  library.value = again.length > 0 ? [...entries, ...others] : [...others, ...entries];
  unusable.value = refused;
}

whenEngineOpens(bringBack);
whenModelIsChosen(bringRest);
