/**
 * A model that comes with the page: its files are fetched once as streams straight into the browser's store, and read
 * from there as slices. No file is ever held whole in memory, and a second visit fetches nothing. A new version takes
 * the old one's place once it is whole; until then the old one serves.
 */
import type { LoadProgress } from "../../api";
import type { ModelSource } from "../../contract/models";
import { faultError } from "../../fault";

/** `files.json` of a model folder, written when the page is built. `version` changes with any file's content. */
interface Manifest {
  name: string;
  version: string;
  files: { path: string; bytes: number }[];
}

const STORE_PREFIX = "palpable-model ";
/** Milliseconds that a visitor waits for news of a model that is here already. */
const PATIENCE = 3000;

export async function embeddedModel(
  folder: string,
  progress: (progress: LoadProgress) => void,
): Promise<ModelSource> {
  const base = new URL(folder, self.location.origin);
  const store = await openStore();
  const kept = await keptManifest(base, store);
  const latest = await latestManifest(base, kept);
  const bringing = bringVersion(base, latest, progress);
  const isNew = kept !== undefined && kept.version !== latest.version;
  const { manifest, files } = await (isNew
    ? bringing.catch(() => bringVersion(base, kept, progress))
    : bringing);
  if (manifest !== kept) await keepOnly(manifest, base, store);
  return {
    name: manifest.name,
    length: async (path) => files.get(path)?.size,
    read: async (path, start, end) => {
      const file = files.get(path);
      if (!file || end > file.size) {
        throw faultError("BadFile", `The model's file ${path} has no bytes ${start} to ${end}.`);
      }
      return new Uint8Array(await file.slice(start, end).arrayBuffer());
    },
  };
}

/** Brings all files of a version, as far as they aren't here. */
async function bringVersion(base: URL, manifest: Manifest, progress: (progress: LoadProgress) => void) {
  const bytesTotal = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  let bytesLoaded = 0;
  const count = (bytes: number) => {
    bytesLoaded += bytes;
    progress({ phase: "fetch", bytesLoaded, bytesTotal });
  };
  const files = new Map<string, Blob>();
  const versioned = await openVersion(manifest);
  // One after the other: each stream gets the whole bandwidth, and a failure leaves complete files behind.
  for (const file of manifest.files) {
    files.set(file.path, await bringFile(new URL(file.path, base), file.bytes, versioned, count));
  }
  return { manifest, files };
}

/** A small file of such a model as text; `null` where it has no such file. */
export async function embeddedText(folder: string, path: string): Promise<string | null> {
  const base = new URL(folder, self.location.origin);
  const manifest = await latestManifest(base, await keptManifest(base, await openStore()));
  const file = manifest.files.find((file) => file.path === path);
  if (!file) return null;
  const address = new URL(path, base);
  return (await bringFile(address, file.bytes, await openVersion(manifest), () => undefined)).text();
}

/** Store of the manifests; `undefined` if the browser has none (private windows of some browsers). */
async function openStore(): Promise<Cache | undefined> {
  return "caches" in self ? await caches.open("palpable-manifests").catch(() => undefined) : undefined;
}

async function openVersion(manifest: Manifest): Promise<Cache | undefined> {
  if (!("caches" in self)) return undefined;
  return caches.open(storeName(manifest)).catch(() => undefined);
}

const storeName = (manifest: Manifest) => `${STORE_PREFIX}${manifest.name} ${manifest.version}`;

const manifestAddress = (base: URL) => new URL("files.json", base);

/** The manifest of the version that is here. */
async function keptManifest(base: URL, store: Cache | undefined): Promise<Manifest | undefined> {
  return (await store?.match(manifestAddress(base)))?.json();
}

/** The manifest from the network or, without one that answers soon, the one that is kept. */
async function latestManifest(base: URL, kept: Manifest | undefined): Promise<Manifest> {
  try {
    const signal = kept ? AbortSignal.timeout(PATIENCE) : null;
    const answer = await fetch(manifestAddress(base), { cache: "no-cache", signal });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return (await answer.json()) as Manifest;
  } catch {
    if (kept) return kept;
    throw faultError(
      "Network",
      "The list of the model's files could not be fetched. Check the connection and try again.",
    );
  }
}

/** Keeps a version that is here whole for later visits, in place of all others. */
async function keepOnly(manifest: Manifest, base: URL, store: Cache | undefined): Promise<void> {
  await store?.put(manifestAddress(base), Response.json(manifest)).catch(() => undefined);
  if (!("caches" in self)) return;
  // With site data blocked there are none.
  const old = (await caches.keys().catch(() => [])).filter(
    (name) => name.startsWith(`${STORE_PREFIX}${manifest.name} `) && name !== storeName(manifest),
  );
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function bringFile(
  address: URL,
  bytes: number,
  store: Cache | undefined,
  count: (bytes: number) => void,
): Promise<Blob> {
  const kept = await (await store?.match(address))?.blob();
  if (kept?.size === bytes) {
    count(bytes);
    return kept;
  }
  const answer = await fetch(address).catch(() => undefined);
  if (!answer?.ok || !answer.body) throw interrupted(address);
  const counted = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, stream) {
        count(chunk.byteLength);
        stream.enqueue(chunk);
      },
    }),
  );
  const blob = await keep(address, new Response(counted), store);
  if (blob.size !== bytes) {
    await store?.delete(address);
    throw interrupted(address);
  }
  return blob;
}

/** Reads the answer into a blob: through the store (then on disk) if there is one, else in memory. */
async function keep(address: URL, answer: Response, store: Cache | undefined): Promise<Blob> {
  try {
    if (!store) return await answer.blob();
    await store.put(address, answer);
    const kept = await store.match(address);
    if (!kept) throw new Error("not kept");
    return await kept.blob();
  } catch (error) {
    if (error instanceof DOMException && error.name === "QuotaExceededError") {
      throw faultError(
        "Network",
        "The browser has no room left to keep the model. Free some storage for this site and try again.",
      );
    }
    throw interrupted(address);
  }
}

function interrupted(address: URL): Error {
  const name = address.pathname.split("/").pop();
  return faultError(
    "Network",
    `The model's file ${name} could not be fetched whole. Check the connection and try again.`,
  );
}
