/**
 * The adapters at hand: in the engine, and as files in the browser's storage, from which they come back after
 * a reload or with a fresh engine. Their `key` then stays the same, while the engine's own id changes.
 */
import { computed, signal } from "@preact/signals";
import { listed } from "../../app/format";
import { askBeforeLeaving } from "../../app/leaving";
import { engine, whenEngineCloses, whenEngineOpens } from "../../app/studio";
import type { AdapterReport, ProjectWords } from "../../engine/contract/adapters";
import type { TrainingSettings } from "../../engine/contract/training";
import { type Fault, needsFreshEngine, toFault } from "../../engine/fault";
import { whenModelIsChosen } from "../models/model";
import { type AdapterNote, noteOf } from "./safetensors-metadata";
import * as store from "./store";

export interface LibraryEntry {
  key: string;
  report: AdapterReport;
  fileName: string;
  bytes: Uint8Array;
  active: boolean;
  strength: number;
  /** False for an adapter that was trained here and has never been saved as a file. */
  saved: boolean;
  /** Whether the browser's storage holds it. */
  kept: boolean;
  /** Milliseconds since 1970. */
  addedAt: number;
  /** Title and licence that somebody gave it, in the file or here. */
  note: AdapterNote;
  /** Picture that represents the adapter, once there is one. */
  preview?: store.AdapterPreview;
  /** Training settings, and prompts from the project file that it came in. */
  project?: ProjectWords;
  /** How many photos are kept with it. */
  photos: number;
}

/** An adapter that was here or is in the storage but can't be used: damaged, or refused by the engine. */
export interface UnusableEntry {
  key: string;
  fileName: string | undefined;
  /** Why the engine refused the adapter; with another model it may take it. */
  fault: Fault | undefined;
  /** The adapter itself, if it isn't in the storage. */
  unkept?: Candidate;
}

/** An adapter that the engine is to take. */
type Candidate = Omit<LibraryEntry, "report">;

export const library = signal<LibraryEntry[]>([]);
export const unusable = signal<UnusableEntry[]>([]);
/** Whether the storage was looked through, which waits for the visit's first engine and model. */
export const storageRead = signal(false);
/** Keys of the entries that the engine in use holds under their reports' numbers. */
const held = new Set<string>();
/** Why adapters could not be written to the browser's storage, or read from it. */
export const storageFault = signal<Fault | undefined>(undefined);

export const placeholders = computed(() => library.value.flatMap(({ report }) => report.placeholders));
/** Phrases by which prompts name the learned subjects. */
export const phrases = computed(() => library.value.flatMap(({ report }) => report.phrases));
/** Whether an adapter would be lost with the tab: neither saved as a file nor kept in the storage. */
export const hasUnsaved = computed(() => {
  const isUnsaved = ({ saved, kept }: Candidate) => !saved && !kept;
  return library.value.some(isUnsaved) || unusable.value.some(({ unkept }) => unkept && isUnsaved(unkept));
});
askBeforeLeaving(hasUnsaved);

/** A library addition: an adapter that the engine holds, its file, and the key of its photos, if kept. */
export interface Addition extends Pick<LibraryEntry, "report" | "fileName" | "bytes" | "saved"> {
  key?: string;
  active?: boolean;
  project?: ProjectWords | undefined;
}

export async function add(added: Addition): Promise<LibraryEntry> {
  const { key = crypto.randomUUID(), active = true, project, ...addition } = added;
  const { report, fileName, bytes, saved } = addition;
  const photos = (await store.readPhotos(key).catch(() => [])).length;
  const entry: LibraryEntry = {
    ...{ key, report, fileName, bytes, saved, photos },
    ...{ active, strength: 1, kept: false, addedAt: Date.now(), note: noteOf(bytes) },
    ...(project ? { project } : {}),
  };
  storageFault.value = undefined;
  entry.kept = await storing(store.put({ key, facts: factsOf(entry), bytes }));
  place(entry);
  return entry;
}

/** Whether storing succeeded; if not, the reason is shown with the adapters. */
export async function storing(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    storageFault.value = toFault(error);
    return false;
  }
}

/** Tries again to store an adapter that found no room before. */
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

/** The training that made an adapter. Its photos, if they are kept, are stored under the training's id. */
export interface MadeBy {
  id: string;
  settings: TrainingSettings;
}

const madeBy = ({ id, settings }: MadeBy) => ({
  key: id,
  project: { settings: { ...settings }, prompts: [] },
  saved: false,
});

/** Adds an adapter that the engine already holds, fresh from training. */
export async function keepTrained(report: AdapterReport, run: MadeBy): Promise<LibraryEntry> {
  const bytes = await engine().exportAdapter(report.id);
  return add({ report, fileName: fileNameFor(report), bytes, ...madeBy(run) });
}

/** Adds the adapter file that a broken-off training saved last. */
export async function keepBrokenOff(bytes: Uint8Array, run: MadeBy): Promise<LibraryEntry> {
  const fileName = `${bareWord(run.settings.placeholder)}.safetensors`;
  return add({ report: await engine().addAdapter(bytes, fileName), fileName, bytes, ...madeBy(run) });
}

/** Removes an adapter, also from the storage, so that it doesn't come back from there. */
export async function remove(entry: LibraryEntry): Promise<void> {
  if (entry.kept || entry.photos > 0) await store.remove(entry.key);
  await letGo(entry);
}

async function letGo({ key, report }: LibraryEntry): Promise<void> {
  library.value = library.value.filter((entry) => entry.key !== key);
  if (held.delete(key)) await engine().removeAdapter(report.id);
}

/** Lets go of what another tab has removed from the storage: adapters, and photos that were kept with them. */
export async function followOtherTabs(): Promise<void> {
  const before = library.value.filter(({ kept }) => kept);
  const stored = await store.list().catch(() => undefined);
  for (const entry of stored ? before : []) {
    // What is damaged there is whole here, and what this tab has changed meanwhile is newer.
    if (stored?.damaged.includes(entry.key) || !library.value.includes(entry)) continue;
    const found = stored?.whole.find(({ key }) => key === entry.key);
    const photos = found?.facts.photos ?? 0;
    if (!found) await letGo(entry);
    else library.value = library.value.map((other) => (other === entry ? { ...entry, photos } : other));
  }
}

/** Sets the photos that are kept with the adapter; does nothing if the adapter is gone. */
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

/** Name that people know the adapter by: its words or, if it has none, its own name. */
export const knownAs = ({ placeholders, name }: AdapterReport) =>
  placeholders.length > 0 ? listed(placeholders) : name;

/** `my-dog`: the name that web UIs show, and the trigger word for those that take it from there. */
export const plainName = (report: AdapterReport) => bareWord(report.placeholder ?? report.name);

export const fileNameFor = (report: AdapterReport) => `${plainName(report)}.safetensors`;

let bringing = Promise.resolve();

/**
 * Gives a fresh engine the adapters of the library and of the storage, and one with another model the same once more,
 * since each model takes its own. What it refuses is set aside, and tried again with the next.
 */
export function bringAll(): Promise<void> {
  bringing = bringing.catch(() => undefined).then(bring);
  return bringing;
}

async function bring(): Promise<void> {
  await followOtherTabs();
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
  const candidates: Candidate[] = [library.value, fromStorage, unkept].flat();
  for (const candidate of candidates) {
    const { key, bytes, fileName, kept } = candidate;
    const before = library.value.find((entry) => entry.key === key);
    // Removed meanwhile.
    if (known.has(key) && !before) continue;
    const replaced = held.has(key) ? before?.report.id : undefined;
    try {
      const report = await engine().addAdapter(bytes, fileName);
      place({ ...candidate, report });
    } catch (error) {
      const fault = toFault(error);
      // Not the adapter's fault: all of them will be tried again.
      if (needsFreshEngine(fault)) throw error;
      refused.push({ key, fileName, fault, ...(kept ? {} : { unkept: before ?? candidate }) });
      library.value = library.value.filter((entry) => entry.key !== key);
      held.delete(key);
    }
    // Only now, so that the entry's adapter was in the engine all along.
    if (replaced !== undefined) await engine().removeAdapter(replaced);
  }
  unusable.value = refused;
  storageRead.value = true;
}

/** Puts an adapter that the engine has taken into the library, in the place that it had. */
function place(entry: LibraryEntry): void {
  const { key, report } = entry;
  held.add(key);
  const known = library.value.some((other) => other.key === key);
  library.value = known
    ? library.value.map((other) => (other.key === key ? { ...other, report } : other))
    : library.value.concat(entry);
}

whenEngineOpens(bringAll);
whenModelIsChosen(bringAll);
whenEngineCloses(() => held.clear());
