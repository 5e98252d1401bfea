/**
 * A database of the browser's (IndexedDB), opened when it is first used. Failures reject with a fault of kind
 * `Storage` and a sentence; a full disk has one of its own.
 */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from "idb";
import { faultError } from "../engine/fault";

export interface StorageProblems {
  noRoom: string;
  /** The browser keeps the database from the page. */
  unavailable: string;
  failed: string;
}

export class Database<Schema extends DBSchema> {
  readonly #name: string;
  readonly #stores: readonly StoreNames<Schema>[];
  readonly #problems: StorageProblems;
  readonly #version: number;
  #opened: Promise<IDBPDatabase<Schema>> | undefined;

  /** `stores` without key paths; a later `version` has more of them than those before it. */
  constructor(name: string, stores: readonly StoreNames<Schema>[], problems: StorageProblems, version = 1) {
    this.#name = name;
    this.#stores = stores;
    this.#problems = problems;
    this.#version = version;
  }

  /** Runs the work and gives whatever the database throws a sentence. */
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

  /** All of the requests happen, or none. */
  write(
    requests: (transaction: IDBPTransaction<Schema, StoreNames<Schema>[], "readwrite">) => Promise<unknown>[],
  ): Promise<void> {
    return this.attempt(async (database) => {
      const transaction = database.transaction([...this.#stores], "readwrite");
      try {
        await Promise.all([...requests(transaction), transaction.done]);
      } catch (error) {
        // A request that fails has ended the transaction; one that could not even be made has not.
        transaction.done.catch(() => undefined);
        abort(transaction);
        throw error;
      }
    });
  }

  /** Asynchronous as a whole: some browsers throw where they should reject. */
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
