/**
 * A database in the browser (IndexedDB), opened when it is first used. Failures reject with a fault of kind
 * `Storage` and a sentence; a full disk has its own sentence.
 */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from "idb";
import { faultError } from "../engine/fault";

export interface StorageProblems {
  noRoom: string;
  /** Sentence for a browser that denies the page the database. */
  unavailable: string;
  failed: string;
}

export class Database<Schema extends DBSchema> {
  readonly #name: string;
  readonly #stores: readonly StoreNames<Schema>[];
  readonly #problems: StorageProblems;
  readonly #version: number;
  #opened: Promise<IDBPDatabase<Schema>> | undefined;

  /** `stores` have no key paths; a later `version` only adds stores to those of earlier ones. */
  constructor(name: string, stores: readonly StoreNames<Schema>[], problems: StorageProblems, version = 1) {
    this.#name = name;
    this.#stores = stores;
    this.#problems = problems;
    this.#version = version;
  }

  /** Runs the work; whatever the database throws becomes a fault with a sentence. */
  async attempt<T>(work: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw this.#fault(error, this.#problems.unavailable);
    });
    const opened = await this.#opened;
    try {
      return await work(opened);
    } catch (error) {
      throw this.#fault(error, this.#problems.failed);
    }
  }

  /** Makes the requests in one transaction: all of them happen, or none. */
  write(
    requests: (transaction: IDBPTransaction<Schema, StoreNames<Schema>[], "readwrite">) => Promise<unknown>[],
  ): Promise<void> {
    return this.attempt(async (database) => {
      const transaction = database.transaction([...this.#stores], "readwrite");
      try {
        await Promise.all([...requests(transaction), transaction.done]);
      } catch (error) {
        // A failed request has already ended the transaction; a request that could not even be made has not.
        transaction.done.catch(() => undefined);
        abort(transaction);
        throw error;
      }
    });
  }

  /** Asynchronous as a whole, since some browsers throw where they should reject. */
  async #open(): Promise<IDBPDatabase<Schema>> {
    const stores = this.#stores;
    const forget = () => {
      this.#opened = undefined;
    };
    return openDB<Schema>(this.#name, this.#version, {
      upgrade(database) {
        for (const store of stores) {
          if (!database.objectStoreNames.contains(store)) database.createObjectStore(store);
        }
      },
      // A newer version of the page in another tab wants the database: it must not wait for this one.
      blocking(_current, _wanted, event) {
        (event.target as IDBDatabase).close();
        forget();
      },
      terminated: forget,
    });
  }

  #fault(error: unknown, otherwise: string): Error {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    return faultError("Storage", full ? this.#problems.noRoom : otherwise);
  }
}

function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}
