/** The adapters in the browser's own database: each with its file, written and deleted together. */
import type { DBSchema } from "idb";
import { Database } from "../../app/database";
import { text } from "../../app/text";
import type { AdapterNote } from "./safetensors-metadata";

/** What changes more often than the file. */
export interface StoredFacts {
  fileName: string;
  active: boolean;
  strength: number;
  /** Whether it was exported, or came from a file. */
  saved: boolean;
  /** Milliseconds since 1970. */
  addedAt: number;
  /** What it is exported with. */
  note: AdapterNote;
  /** The picture that it is known by. */
  preview?: AdapterPreview;
}

export interface AdapterPreview {
  jpeg: Uint8Array;
  /** Whether it goes with exported files. */
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
}

const adapters = new Database<AdapterSchema>("palpable-adapters", ["facts", "files"], text.adapters.problems);

export function put({ key, facts, bytes }: StoredAdapter): Promise<void> {
  return adapters.write((transaction) => [
    transaction.objectStore("facts").put(facts, key),
    transaction.objectStore("files").put(bytes, key),
  ]);
}

/** Changes nothing where the adapter is gone, as when another tab has removed it. */
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
  ]);
}

export interface Listing {
  /** Oldest first, as they were added. */
  whole: StoredAdapter[];
  /** Keys of what is there but not as it was written. */
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
  const { fileName, active, strength, saved, addedAt, note, preview } = value as Partial<
    Record<keyof StoredFacts, unknown>
  >;
  if (typeof fileName !== "string" || typeof active !== "boolean" || typeof saved !== "boolean")
    return undefined;
  if (!Number.isFinite(strength) || !Number.isFinite(addedAt)) return undefined;
  const checked = checkedPreview(preview);
  return {
    ...(checked ? { preview: checked } : {}),
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

/** Earlier versions of the page stored none. */
function checkedNote(value: unknown): AdapterNote {
  const { title, licence } = (value ?? {}) as Partial<Record<keyof AdapterNote, unknown>>;
  const words = (part: unknown) => (typeof part === "string" ? part : "");
  return { title: words(title), licence: words(licence) };
}
