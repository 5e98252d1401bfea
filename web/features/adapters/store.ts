/**
 * The adapters in the browser's own database; an adapter's facts and file are written and deleted together. A
 * training's photos, if the visitor keeps them, are stored from its start on, under the key that its adapter
 * will have.
 */
import type { DBSchema } from "idb";
import { Database } from "../../app/database";
import { text } from "../../app/text";
import type { ProjectWords } from "../../engine/contract/adapters";
import type { AdapterNote } from "./safetensors-metadata";

/** Facts about an adapter that change more often than its file. */
export interface StoredFacts {
  fileName: string;
  active: boolean;
  strength: number;
  /** Whether it was exported, or came from a file. */
  saved: boolean;
  /** Milliseconds since 1970. */
  addedAt: number;
  /** Title and licence that it is exported with. */
  note: AdapterNote;
  /** Picture that represents the adapter. */
  preview?: AdapterPreview;
  /** Training settings, and prompts from the project file that it came in. */
  project?: ProjectWords;
  /** How many photos are kept with it. */
  photos?: number;
}

export interface AdapterPreview {
  jpeg: Uint8Array;
  /** Whether the picture goes into exported files. */
  exported: boolean;
}

export interface StoredAdapter {
  key: string;
  facts: StoredFacts;
  bytes: Uint8Array;
}

interface AdapterSchema extends DBSchema {
  facts: { key: string; value: StoredFacts };
  files: { key: string; value: Uint8Array };
  /** JPEG files, squares as they were cut. */
  photos: { key: string; value: Uint8Array[] };
}

/** Version 1 had no photos. */
const VERSION = 2;
const STORES = ["facts", "files", "photos"] as const;

const adapters = new Database<AdapterSchema>("palpable-adapters", STORES, text.adapters.problems, VERSION);

export function put({ key, facts, bytes }: StoredAdapter): Promise<void> {
  return adapters.write((transaction) => [
    transaction.objectStore("facts").put(facts, key),
    transaction.objectStore("files").put(bytes, key),
  ]);
}

/** Writes the facts; changes nothing if the adapter is gone, for example removed by another tab. */
export function setFacts(key: string, facts: StoredFacts): Promise<void> {
  return adapters.attempt(async (database) => {
    const transaction = database.transaction("facts", "readwrite");
    if (await transaction.store.getKey(key)) await transaction.store.put(facts, key);
    await transaction.done;
  });
}

export function remove(key: string): Promise<void> {
  return adapters.write((transaction) => [
    transaction.objectStore("facts").delete(key),
    transaction.objectStore("files").delete(key),
    transaction.objectStore("photos").delete(key),
  ]);
}

export function putPhotos(key: string, jpegs: Uint8Array[]): Promise<void> {
  return adapters.write((transaction) => [transaction.objectStore("photos").put(jpegs, key)]);
}

/** Photos that are kept with an adapter; empty if there are none. */
export function readPhotos(key: string): Promise<Uint8Array[]> {
  return adapters.attempt(async (database) => (await database.get("photos", key)) ?? []);
}

export function removePhotos(key: string): Promise<void> {
  return adapters.write((transaction) => [transaction.objectStore("photos").delete(key)]);
}

/** Deletes the photos whose keys `isGone` picks, except those of adapters. */
export function removePhotosWithoutAdapter(isGone: (key: string) => boolean): Promise<void> {
  return adapters.write((transaction) => [
    (async () => {
      const photos = transaction.objectStore("photos");
      const [keys, adapters] = await Promise.all([
        photos.getAllKeys(),
        transaction.objectStore("facts").getAllKeys(),
      ]);
      const stray = keys.filter((key) => isGone(key) && !adapters.includes(key));
      await Promise.all(stray.map((key) => photos.delete(key)));
    })(),
  ]);
}

export interface Listing {
  /** Oldest first, as they were added. */
  whole: StoredAdapter[];
  /** Keys of adapters that are stored but not as they were written. */
  damaged: string[];
}

export function list(): Promise<Listing> {
  return adapters.attempt(async (database) => {
    const transaction = database.transaction(["facts", "files"]);
    const read = async (name: "facts" | "files") => {
      const store = transaction.objectStore(name);
      const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
      return new Map<string, unknown>(keys.map((key, at) => [key, values[at]]));
    };
    const [facts, files] = await Promise.all([read("facts"), read("files")]);
    const listing: Listing = { whole: [], damaged: [] };
    for (const key of new Set([...facts.keys(), ...files.keys()])) {
      const checked = checkedFacts(facts.get(key));
      const bytes = files.get(key);
      if (checked && bytes instanceof Uint8Array) listing.whole.push({ key, facts: checked, bytes });
      else listing.damaged.push(key);
    }
    listing.whole.sort((one, other) => one.facts.addedAt - other.facts.addedAt);
    return listing;
  });
}

function checkedFacts(value: unknown): StoredFacts | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { fileName, active, strength, saved, addedAt, note, preview, project, photos } = value as Partial<
    Record<keyof StoredFacts, unknown>
  >;
  if (typeof fileName !== "string" || typeof active !== "boolean" || typeof saved !== "boolean")
    return undefined;
  if (!Number.isFinite(strength) || !Number.isFinite(addedAt)) return undefined;
  const checked = checkedPreview(preview);
  return {
    ...(checked ? { preview: checked } : {}),
    ...checkedProject(project),
    ...(Number.isSafeInteger(photos) ? { photos: photos as number } : {}),
    fileName,
    active,
    strength: strength as number,
    saved,
    addedAt: addedAt as number,
    note: checkedNote(note),
  };
}

function checkedPreview(value: unknown): AdapterPreview | undefined {
  const { jpeg, exported } = (value ?? {}) as Partial<Record<keyof AdapterPreview, unknown>>;
  return jpeg instanceof Uint8Array ? { jpeg, exported: exported !== false } : undefined;
}

function checkedProject(value: unknown): Pick<StoredFacts, "project"> {
  const { settings, prompts } = (value ?? {}) as Partial<Record<keyof ProjectWords, unknown>>;
  if (typeof settings !== "object" || settings === null || !Array.isArray(prompts)) return {};
  const sentences = prompts.filter((prompt) => typeof prompt === "string");
  return { project: { settings: settings as ProjectWords["settings"], prompts: sentences } };
}

/** Checks a stored note; earlier versions of the page stored none. */
function checkedNote(value: unknown): AdapterNote {
  const { title, licence } = (value ?? {}) as Partial<Record<keyof AdapterNote, unknown>>;
  const words = (part: unknown) => (typeof part === "string" ? part : "");
  return { title: words(title), licence: words(licence) };
}
