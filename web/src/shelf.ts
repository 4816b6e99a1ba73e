/**
 * The outbox's shelf: a table in IndexedDB, by key; keys sort by time. Where a browser has none (some private windows),
 * a shelf in memory, which lasts as long as the page.
 */

import type { Shelf, Unsent } from "./outbox.ts";

const NAME = "teahouse";
const TABLE = "outbox";

export async function openShelf(): Promise<Shelf> {
  try {
    return new DatabaseShelf(await openDatabase());
  } catch (error) {
    console.warn("What is written lasts only as long as this page: no IndexedDB.", error);
    return new MemoryShelf();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "key" });
  return result(request);
}

class DatabaseShelf implements Shelf {
  constructor(private readonly database: IDBDatabase) {}

  all(): Promise<Unsent[]> {
    return result(this.table("readonly").getAll() as IDBRequest<Unsent[]>);
  }

  async put(unsent: Unsent): Promise<void> {
    await done(this.table("readwrite").put(unsent).transaction!);
  }

  async remove(key: string): Promise<void> {
    await done(this.table("readwrite").delete(key).transaction!);
  }

  private table(mode: IDBTransactionMode): IDBObjectStore {
    return this.database.transaction(TABLE, mode, { durability: "strict" }).objectStore(TABLE);
  }
}

export class MemoryShelf implements Shelf {
  private readonly table = new Map<string, Unsent>();

  async all(): Promise<Unsent[]> {
    return [...this.table.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async put(unsent: Unsent): Promise<void> {
    this.table.set(unsent.key, unsent);
  }

  async remove(key: string): Promise<void> {
    this.table.delete(key);
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}

/** Resolves when the transaction is complete: only then is it kept. */
function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB aborted"));
  });
}
