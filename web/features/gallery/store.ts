/**
 * The Gallery in the browser's own database (IndexedDB). An entry, its picture, its thumbnail and its start
 * are written and deleted together, in one transaction, so that none is ever there without the others.
 * Failures reject with a fault of kind `Storage`; entries that aren't as they were written are reported,
 * never thrown.
 */
import type { DBSchema } from "idb";
import { Database } from "../../app/database";
import { text } from "../../app/text";
import { checkedStart, type KeptStart } from "./kept-start";
import { type PictureSettings, storedSettings } from "./picture-settings";

/** Facts about a picture that the list of pictures needs. */
export interface Entry {
  id: string;
  /** Milliseconds since 1970. */
  savedAt: number;
  /** Bytes of the PNG and of its start. */
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
  /** The picture it was drawn on; `undefined` if it was drawn from noise. */
  start: KeptStart | undefined;
}

interface GallerySchema extends DBSchema {
  entries: { key: string; value: Entry };
  pictures: { key: string; value: Blob };
  thumbnails: { key: string; value: Blob };
  starts: { key: string; value: KeptStart };
}

/** Version 1 had no starts. */
const VERSION = 2;
const STORES = ["entries", "pictures", "thumbnails", "starts"] as const;

const gallery = new Database<GallerySchema>("palpable-gallery", STORES, text.gallery.problems, VERSION);

export interface Listing {
  /** Newest first. */
  entries: Entry[];
  /** Keys of pictures that are stored but not whole. */
  damaged: string[];
}

export function list(): Promise<Listing> {
  return gallery.attempt(async (database) => {
    const transaction = database.transaction(STORES);
    const [keys, values, starts, ...parts] = await Promise.all([
      transaction.objectStore("entries").getAllKeys(),
      transaction.objectStore("entries").getAll(),
      transaction.objectStore("starts").getAllKeys(),
      transaction.objectStore("pictures").getAllKeys(),
      transaction.objectStore("thumbnails").getAllKeys(),
    ]);
    const held = parts.map((part) => new Set(part));
    const entries = values.flatMap((value, at) => {
      const entry = checkedEntry(value);
      return entry && entry.id === keys[at] && held.every((part) => part.has(entry.id)) ? [entry] : [];
    });
    const whole = new Set(entries.map(({ id }) => id));
    const all = new Set([keys, starts, ...parts].flat());
    return {
      entries: entries.sort((one, other) => other.savedAt - one.savedAt),
      damaged: [...all].filter((key) => !whole.has(key)),
    };
  });
}

function checkedEntry(value: unknown): Entry | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, savedAt, bytes, favourite, settings } = value as Partial<Record<keyof Entry, unknown>>;
  const checked = storedSettings(settings);
  if (typeof id !== "string" || !checked || typeof favourite !== "boolean") return undefined;
  if (!isCount(savedAt) || !isCount(bytes)) return undefined;
  return { id, savedAt, bytes, favourite, settings: checked };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export function put(kept: readonly KeptPicture[]): Promise<void> {
  return gallery.write((transaction) =>
    kept.map(async ({ entry, picture, thumbnail, start }) => {
      await transaction.objectStore("entries").put(entry, entry.id);
      await transaction.objectStore("pictures").put(picture, entry.id);
      await transaction.objectStore("thumbnails").put(thumbnail, entry.id);
      if (start) await transaction.objectStore("starts").put(start, entry.id);
    }),
  );
}

/** Sets whether an entry is a favourite; changes nothing if it is gone, as when another tab deleted it. */
export function setFavourite(id: string, favourite: boolean): Promise<void> {
  return gallery.attempt(async (database) => {
    const transaction = database.transaction("entries", "readwrite");
    const entry = await transaction.store.get(id);
    if (entry) await transaction.store.put({ ...entry, favourite }, id);
    await transaction.done;
  });
}

export function readPicture(id: string): Promise<Blob | undefined> {
  return gallery.attempt((database) => database.get("pictures", id));
}

export function readThumbnail(id: string): Promise<Blob | undefined> {
  return gallery.attempt((database) => database.get("thumbnails", id));
}

/** Start of a picture; `undefined` if drawn from noise, or by a version of the page that kept no starts. */
export function readStart(id: string): Promise<KeptStart | undefined> {
  return gallery.attempt(async (database) => checkedStart(await database.get("starts", id)));
}

/** Deletes everything that belongs to the ids, whole or not; it is gone when this resolves. */
export function remove(ids: readonly string[]): Promise<void> {
  return gallery.write((transaction) =>
    STORES.flatMap((store) => ids.map((id) => transaction.objectStore(store).delete(id))),
  );
}
