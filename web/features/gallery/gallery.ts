/** The kept pictures: all of them, those that show, and those that are selected. */
import { computed, signal } from "@preact/signals";
import { remember, remembered } from "../../app/choices";
import { text } from "../../app/text";
import type { Picture, SourcePicture } from "../../engine/contract/generation";
import { type Fault, faultError, toFault } from "../../engine/fault";
import { toPng } from "../../ui/picture-view";
import { bytesOf, keptStart } from "./kept-start";
import { withSettings } from "./picture-file";
import { checkedSettings, type PictureSettings } from "./picture-settings";
import { fits } from "./search";
import * as store from "./store";
import { thumbnailOf } from "./thumbnail";

export type { Entry } from "./store";

/** Entries of all kept pictures, newest first; `undefined` until they have been read. */
export const entries = signal<store.Entry[] | undefined>(undefined);
/** Keys of pictures that are in the storage but can't be shown. */
export const damaged = signal<string[]>([]);
export const fault = signal<Fault | undefined>(undefined);
/** Why the picture drawn last is not among the entries. */
export const keepFault = signal<Fault | undefined>(undefined);

export const query = signal("");
export const favouritesOnly = signal(false);
export const found = computed(() =>
  (entries.value ?? []).filter(
    ({ settings, favourite }) => (favourite || !favouritesOnly.value) && fits(settings, query.value),
  ),
);

const chosen = signal<ReadonlySet<string>>(new Set());
/** Selected pictures; only those that show, since nobody should delete what they don't see. */
export const selected = computed(() => found.value.filter(({ id }) => chosen.value.has(id)));

export const load = () => attempt(list);

async function list(): Promise<void> {
  const listing = await store.list();
  entries.value = listing.entries;
  damaged.value = listing.damaged;
}

// The visitor may come from another tab that deleted some. A fault that shows from before is still true.
globalThis.document?.addEventListener("visibilitychange", () => {
  if (!document.hidden && entries.value) void list().catch(showFault);
});

/** Prompts of kept pictures drawn with the adapter, the newest first; empty if the Gallery can't be read. */
export async function promptsWith(adapter: string): Promise<string[]> {
  const listed = await store.list().catch(() => ({ entries: [] }));
  const drawn = listed.entries.filter(({ settings }) =>
    settings.adapters.some(({ name }) => name === adapter),
  );
  return drawn.map(({ settings }) => settings.prompt);
}

/** Runs work whose failure the Gallery screen shows. */
export async function attempt(work: () => Promise<void>): Promise<void> {
  fault.value = undefined;
  await work().catch(showFault);
}

function showFault(error: unknown): void {
  fault.value = storageFault(error);
}

/** Fault for an error around the storage, which is no reason to distrust the engine. */
function storageFault(error: unknown): Fault {
  const known = toFault(error);
  return known.kind === "Internal" ? { kind: "Storage", message: text.gallery.problems.noPicture } : known;
}

/**
 * Keeps a finished picture with its settings and the picture it was drawn on, unless that is switched off.
 * Returns its id. Never rejects: see `keepFault`.
 */
export async function keep(
  picture: Picture,
  settings: PictureSettings,
  source?: SourcePicture,
): Promise<string | undefined> {
  keepFault.value = undefined;
  if (!keepNew.value) return undefined;
  try {
    // What reading refuses must not be written: it would come back as damaged.
    if (!checkedSettings(settings)) throw faultError("Storage", text.gallery.problems.tooLong);
    const [png, thumbnail, start] = await Promise.all([
      toPng(picture).then((plain) => withSettings(plain, settings)),
      thumbnailOf(picture),
      source && keptStart(source),
    ]);
    const id = crypto.randomUUID();
    const bytes = png.size + (start ? bytesOf(start) : 0);
    const entry = { id, savedAt: Date.now(), bytes, favourite: false, settings };
    await store.put([{ entry, picture: png, thumbnail, start }]);
    show([entry]);
    return id;
  } catch (error) {
    keepFault.value = storageFault(error);
    return undefined;
  }
}

/** Inserts entries by age into the loaded list; each appears once, even if `load` has already read it. */
export function show(added: readonly store.Entry[]): void {
  if (!entries.value) return;
  const others = entries.value.filter(({ id }) => !added.some((entry) => entry.id === id));
  entries.value = [...others, ...added].sort((one, other) => other.savedAt - one.savedAt);
}

export function hide(ids: readonly string[]): void {
  entries.value = entries.value?.filter(({ id }) => !ids.includes(id));
}

export async function toggleFavourite({ id, favourite }: store.Entry): Promise<void> {
  await attempt(async () => {
    await store.setFavourite(id, !favourite);
    entries.value = entries.value?.map((entry) =>
      entry.id === id ? { ...entry, favourite: !favourite } : entry,
    );
  });
}

export function select(ids: readonly string[], on: boolean): void {
  const next = new Set(chosen.value);
  for (const id of ids) on ? next.add(id) : next.delete(id);
  chosen.value = next;
}

export function clearSelection(): void {
  chosen.value = new Set();
}

export async function dropDamaged(): Promise<void> {
  await attempt(async () => {
    await store.remove(damaged.value);
    damaged.value = [];
  });
}

/** Whether new pictures are kept; the choice outlives the visit. */
export const keepNew = signal(remembered("keep-pictures") !== "no");

export function setKeepNew(on: boolean): void {
  keepNew.value = on;
  remember("keep-pictures", on ? "yes" : "no");
}
