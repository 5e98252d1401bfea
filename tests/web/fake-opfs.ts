import { vi } from "vitest";

/** The browser's private file system in memory, as far as the page uses it. */
const missing = () => new DOMException("not there", "NotFoundError");

export class FakeFile {
  readonly kind = "file";
  bytes = new Uint8Array();
  /** Bytes that a write may store before the disk is full. */
  room = Number.POSITIVE_INFINITY;

  getFile = async () => new Blob([this.bytes]);

  createSyncAccessHandle = async () => ({
    getSize: () => this.bytes.length,
    read: (into: Uint8Array, { at }: { at: number }) => {
      const piece = this.bytes.subarray(at, at + into.length);
      into.set(piece);
      return piece.length;
    },
    truncate: (size: number) => {
      this.bytes = this.bytes.slice(0, size);
    },
    write: (bytes: Uint8Array, { at }: { at: number }) => {
      const written = bytes.subarray(0, Math.max(0, this.room - at));
      const grown = new Uint8Array(Math.max(this.bytes.length, at + written.length));
      grown.set(this.bytes);
      grown.set(written, at);
      this.bytes = grown;
      return written.length;
    },
    flush: () => undefined,
    close: () => undefined,
  });
}

export class FakeFolder {
  readonly kind = "directory";
  readonly children = new Map<string, FakeFolder | FakeFile>();

  #child<T extends FakeFolder | FakeFile>(name: string, create: boolean, make: () => T): T {
    const found = this.children.get(name) as T | undefined;
    if (found) return found;
    if (!create) throw missing();
    const made = make();
    this.children.set(name, made);
    return made;
  }

  getDirectoryHandle = async (name: string, { create = false } = {}) =>
    this.#child(name, create, () => new FakeFolder());

  getFileHandle = async (name: string, { create = false } = {}) =>
    this.#child(name, create, () => new FakeFile());

  removeEntry = async (name: string) => {
    if (!this.children.delete(name)) throw missing();
  };

  async *entries() {
    yield* this.children;
  }

  /** By its path. */
  at(...path: string[]): FakeFile {
    const found = path.reduce<FakeFolder | FakeFile | undefined>(
      (folder, name) => (folder instanceof FakeFolder ? folder.children.get(name) : undefined),
      this,
    );
    if (!(found instanceof FakeFile)) throw missing();
    return found;
  }
}

/** Puts a fresh one, and locks that nobody holds but those named, in the browser's place. */
export function fakeStorage(held: string[] = []): FakeFolder {
  const root = new FakeFolder();
  vi.stubGlobal("navigator", {
    storage: { getDirectory: async () => root },
    locks: {
      query: async () => ({ held: held.map((name) => ({ name })) }),
      request: async (_name: string, _options: LockOptions, work: () => Promise<unknown>) => work(),
    },
  });
  return root;
}
