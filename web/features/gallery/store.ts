/**
 * The gallery in the browser's own database (IndexedDB). An entry, its picture and its thumbnail are written and
 * deleted together, in one transaction, so that none is ever there without the others. Failures reject with a
 * fault of kind `Storage`; entries that aren't as they were written are reported, never thrown.
 */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from "idb";
import { text } from "../../app/text";
import { faultError } from "../../engine/fault";
import { checkedSettings, type PictureSettings } from "./picture-settings";

/** What the list of pictures needs to know of each. */
export interface Entry {
  id: string;
  /** Milliseconds since 1970. */
  savedAt: number;
  /** Of the PNG. */
  bytes: number;
  favourite: boolean;
  settings: PictureSettings;
}

/** An entry with all that belongs to it. */
export interface KeptPicture {
  entry: Entry;
  /** A PNG with its settings inside. */
  picture: Blob;
  thumbnail: Blob;
}

interface GallerySchema extends DBSchema {
  entries: { key: string; value: Entry };
  pictures: { key: string; value: Blob };
  thumbnails: { key: string; value: Blob };
}

const STORES = ["entries", "pictures", "thumbnails"] as const;
const VERSION = 1;

let opened: Promise<IDBPDatabase<GallerySchema>> | undefined;

function database(): Promise<IDBPDatabase<GallerySchema>> {
  opened ??= open().catch((error: unknown) => {
    forget();
    throw storageFault(error, text.gallery.problems.unavailable);
  });
  return opened;
}

/** Asynchronous as a whole: some browsers throw where they should reject. */
async function open(): Promise<IDBPDatabase<GallerySchema>> {
  return openDB<GallerySchema>("palpable-gallery", VERSION, {
    upgrade(fresh) {
      for (const store of STORES) fresh.createObjectStore(store);
    },
    // A newer version of the page in another tab wants the database: it must not wait for this one.
    blocking(_current, _wanted, event) {
      (event.target as IDBDatabase).close();
      forget();
    },
    terminated: forget,
  });
}

function forget(): void {
  opened = undefined;
}

/** Runs the work and gives whatever the database throws a sentence. */
async function attempt<T>(work: (database: IDBPDatabase<GallerySchema>) => Promise<T>): Promise<T> {
  const opened = await database();
  try {
    return await work(opened);
  } catch (error) {
    throw storageFault(error, text.gallery.problems.failed);
  }
}

/** A full disk has a sentence of its own. */
function storageFault(error: unknown, otherwise: string): Error {
  const full = error instanceof DOMException && error.name === "QuotaExceededError";
  return faultError("Storage", full ? text.gallery.problems.noRoom : otherwise);
}

export interface Listing {
  /** Newest first. */
  entries: Entry[];
  /** Keys of what is there but not whole. */
  damaged: string[];
}

export function list(): Promise<Listing> {
  return attempt(async (database) => {
    const transaction = database.transaction(STORES);
    const [keys, values, ...parts] = await Promise.all([
      transaction.objectStore("entries").getAllKeys(),
      transaction.objectStore("entries").getAll(),
      transaction.objectStore("pictures").getAllKeys(),
      transaction.objectStore("thumbnails").getAllKeys(),
    ]);
    const held = parts.map((part) => new Set(part));
    const entries = values.flatMap((value, at) => {
      const entry = checkedEntry(value);
      return entry && entry.id === keys[at] && held.every((part) => part.has(entry.id)) ? [entry] : [];
    });
    const whole = new Set(entries.map(({ id }) => id));
    const all = new Set([keys, ...parts].flat());
    return {
      entries: entries.sort((one, other) => other.savedAt - one.savedAt),
      damaged: [...all].filter((key) => !whole.has(key)),
    };
  });
}

function checkedEntry(value: unknown): Entry | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, savedAt, bytes, favourite, settings } = value as Partial<Record<keyof Entry, unknown>>;
  const checked = checkedSettings(settings);
  if (typeof id !== "string" || !checked || typeof favourite !== "boolean") return undefined;
  if (!isCount(savedAt) || !isCount(bytes)) return undefined;
  return { id, savedAt, bytes, favourite, settings: checked };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

type Writing = IDBPTransaction<GallerySchema, typeof STORES, "readwrite">;

/** All of the requests happen, or none. */
function write(requests: (transaction: Writing) => Promise<unknown>[]): Promise<void> {
  return attempt(async (database) => {
    const transaction = database.transaction(STORES, "readwrite");
    try {
      await Promise.all([...requests(transaction), transaction.done]);
    } catch (error) {
      // A request that fails has ended the transaction; one that could not even be made has not.
      abort(transaction);
      throw error;
    }
  });
}

function abort(transaction: Writing): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}

export function put(kept: readonly KeptPicture[]): Promise<void> {
  return write((transaction) =>
    kept.map(async ({ entry, picture, thumbnail }) => {
      await transaction.objectStore("entries").put(entry, entry.id);
      await transaction.objectStore("pictures").put(picture, entry.id);
      await transaction.objectStore("thumbnails").put(thumbnail, entry.id);
    }),
  );
}

/** Changes nothing where the entry is gone, as when another tab has deleted it. */
export function setFavourite(id: string, favourite: boolean): Promise<void> {
  return attempt(async (database) => {
    const transaction = database.transaction("entries", "readwrite");
    const entry = await transaction.store.get(id);
    if (entry) await transaction.store.put({ ...entry, favourite }, id);
    await transaction.done;
  });
}

export function readPicture(id: string): Promise<Blob | undefined> {
  return attempt((database) => database.get("pictures", id));
}

export function readThumbnail(id: string): Promise<Blob | undefined> {
  return attempt((database) => database.get("thumbnails", id));
}

/** Everything that belongs to the ids is gone from the database when this resolves, whole or not. */
export function remove(ids: readonly string[]): Promise<void> {
  return write((transaction) =>
    STORES.flatMap((store) => ids.map((id) => transaction.objectStore(store).delete(id))),
  );
}
