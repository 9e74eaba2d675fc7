import { isNode } from '../platform.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Keeps one object from process to process. It may be lost at any time, and is then an empty one. */
export interface VerdictStore {
  /** Rejects where there is none, or it is broken. */
  read(): Promise<Json>;
  /** Never throws. Of two at the same time, in two processes, one may be lost. */
  update(change: (old: Json) => Json): void;
}

/** A file below the user's cache folder in Node, IndexedDB in browsers and their workers. */
export const openStore = (): VerdictStore => (isNode ? fileStore(cacheFile) : databaseStore());

function cacheFile(): string {
  const { homedir } = process.getBuiltinModule('node:os');
  const { join } = process.getBuiltinModule('node:path');
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  const folder = XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache');
  return join(folder, 'neverend', 'verdicts.json');
}

/** @param path of the file, whose folder may not exist yet; it may throw. */
export function fileStore(path: () => string): VerdictStore {
  const { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } =
    process.getBuiltinModule('node:fs');
  const { dirname } = process.getBuiltinModule('node:path');
  // A file of this size is read in less time than it takes to wait for it.
  const read = (): Json => checked(JSON.parse(readFileSync(path(), 'utf8')));
  function write(text: string): void {
    const file = path();
    mkdirSync(dirname(file), { recursive: true });
    // Whole or not at all, since others may read it meanwhile. Threads have the number of their process in common.
    const partial = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}`;
    try {
      writeFileSync(partial, text);
      renameSync(partial, file);
    } finally {
      rmSync(partial, { force: true });
    }
  }
  return {
    read: async () => read(),
    update(change) {
      let old: Json = {};
      try {
        old = read();
      } catch {
        // It is written anew.
      }
      try {
        write(JSON.stringify(change(old)));
      } catch {
        // A disk that is full or that may only be read: the next process compares again.
      }
    },
  };
}

function databaseStore(): VerdictStore {
  const name = 'verdicts';
  const opened = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('neverend', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(name);
    request.onsuccess = () => {
      // Otherwise nobody could delete it while this page is open.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  // A page without storage is told by `read`.
  opened.catch(() => undefined);
  const valueIn = (objects: IDBObjectStore, use: (value: Json) => void): void => {
    const request = objects.get(name);
    request.onsuccess = () => use(request.result === undefined ? {} : checked(request.result));
  };
  return {
    async read() {
      const database = await opened;
      return new Promise((resolve, reject) => {
        const transaction = database.transaction(name);
        transaction.onerror = () => reject(transaction.error);
        valueIn(transaction.objectStore(name), resolve);
      });
    },
    update(change) {
      const write = (database: IDBDatabase): void => {
        const objects = database.transaction(name, 'readwrite').objectStore(name);
        valueIn(objects, (old) => objects.put(change(old), name));
      };
      opened.then(write).catch(() => undefined);
    },
  };
}

function checked(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
