import { type BinaryFile, CheckpointError, toByteSource } from '@neverend/checkpoint';
import { cacheStorageStore, defaultCacheName } from './cache-storage-store.ts';
import type { ChunkStore } from './chunk-store.ts';
import { isNode } from './environment.ts';
import { defaultCacheFolder, folderStore } from './folder-store.ts';
import { AbsentError, UnreachableError } from './http-request.ts';
import { filesIn, openLocal } from './open-local.ts';
import { type DownloadOptions, type OpenFile, openUrl } from './open-url.ts';

/** Where a model is: a folder or a file, by its path or address; or a file itself. */
export type ModelLocation = string | URL | BinaryFile;

/** The names of a model's files in its folder. */
export const cardFile = 'config.json';
export const weightsFile = 'model.safetensors';

/** A place at which a model lies. */
export interface ModelPlace {
  /** The file with the parameters. */
  openWeights(): Promise<OpenFile>;
  /** The file `config.json` of a folder; undefined where there is none. */
  openCard(): Promise<OpenFile | undefined>;
}

/** How files at addresses are fetched. */
export interface PlaceOptions extends Pick<DownloadOptions, 'signal' | 'offline'> {
  /** Where downloads are kept: true for the usual place, false for none, or a folder in Node and a name of a Cache in browsers. */
  readonly cache: boolean | string;
  readonly onBytes: (file: string, loaded: number, total: number | undefined) => void;
}

const isWeights = (name: string) => /\.(npz|safetensors)$/i.test(name);

/** @throws CheckpointError when there is nothing of the kind. */
export async function modelPlace(from: ModelLocation, options: PlaceOptions): Promise<ModelPlace> {
  if (typeof from !== 'string' && !(from instanceof URL)) return ofFile(from);
  const url = addressOf(from);
  if (url === undefined) return onDisk(String(from));
  if (url.protocol === 'file:') {
    if (!isNode) throw new CheckpointError(`${url.href}: a page cannot read files by their paths`);
    return onDisk(process.getBuiltinModule('node:url').fileURLToPath(url));
  }
  return atAddress(url, options);
}

/** The address that is meant; undefined for a path. */
function addressOf(from: string | URL): URL | undefined {
  if (from instanceof URL) return new URL(from);
  if (isNode) return /^(https?|file|data|blob):/i.test(from) ? new URL(from) : undefined;
  return new URL(from, globalThis.document?.baseURI ?? location.href);
}

function ofFile(file: BinaryFile): ModelPlace {
  const label = 'name' in file && typeof file.name === 'string' ? file.name : 'the file';
  const open = async () => ({ label, source: toByteSource(file), close: async () => undefined });
  return { openWeights: open, openCard: async () => undefined };
}

async function onDisk(path: string): Promise<ModelPlace> {
  const names = await filesIn(path);
  if (names === undefined) {
    return { openWeights: () => openLocal(path), openCard: async () => undefined };
  }
  const { join } = process.getBuiltinModule('node:path');
  const found = names.filter(isWeights);
  const weights = found.includes(weightsFile) ? weightsFile : found[0];
  if (weights === undefined) {
    // A training's folder has its model in one of its own.
    const inside = names.includes('model') ? await filesIn(join(path, 'model')) : undefined;
    const hint = inside?.includes(weightsFile) ? `; ${join(path, 'model')} has one` : '';
    throw new CheckpointError(`${path}: the folder has no file ${weightsFile}${hint}`);
  }
  if (found.length > 1 && weights !== weightsFile) {
    throw new CheckpointError(
      `${path}: the folder has ${found.join(' and ')}, and none is ${weightsFile}; name one of them`,
    );
  }
  return {
    openWeights: () => openLocal(join(path, weights)),
    openCard: async () => (names.includes(cardFile) ? openLocal(join(path, cardFile)) : undefined),
  };
}

function atAddress(url: URL, { cache, onBytes, ...options }: PlaceOptions): ModelPlace {
  const open = (at: URL): Promise<OpenFile> =>
    openUrl(at.href, {
      ...options,
      store: storeOf(cache, at),
      onBytes: (loaded, total) => onBytes(at.pathname.split('/').at(-1) ?? '', loaded, total),
    });
  if (isWeights(url.pathname) || /^(data|blob):/.test(url.protocol)) {
    return { openWeights: () => open(url), openCard: async () => undefined };
  }
  const folder = new URL(url);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  const child = (name: string) => {
    const at = new URL(name, folder);
    at.search = url.search;
    return at;
  };
  return {
    openWeights: () => open(child(weightsFile)),
    openCard: () =>
      open(child(cardFile)).catch((error: unknown) => {
        // The weights that a cache has may have come without one.
        if (error instanceof AbsentError || error instanceof UnreachableError) return undefined;
        throw error;
      }),
  };
}

function storeOf(cache: boolean | string, url: URL): ChunkStore | undefined {
  if (cache === false || !/^https?:/.test(url.protocol)) return undefined;
  const at = new URL(url);
  at.hash = '';
  if (isNode) return folderStore(cache === true ? defaultCacheFolder() : cache, at.href);
  // Pages that are not secure have no Cache Storage.
  if (globalThis.caches === undefined) return undefined;
  return cacheStorageStore(cache === true ? defaultCacheName : cache, at.href);
}
