import { type ChunkStore, memoryStore } from './chunk-store.ts';
import { isNode } from './environment.ts';
import { folderStore } from './folder-store.ts';

/** Where the pieces of one version of a file go. What cannot be kept, as on a full disk, is kept for now alone. */
export interface KeptPieces {
  put(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  get(index: number): Promise<Uint8Array | undefined>;
  /** False as soon as a piece could not be kept beyond now. */
  readonly isKept: boolean;
  /** Removes what is kept for now alone. */
  close(): Promise<void>;
}

/**
 * @param store undefined where nothing is to be kept.
 * @param whole true where a piece cannot be had again, so that it must be kept at least for now.
 */
export function keptPieces(store: ChunkStore | undefined, tag: string, whole: boolean): KeptPieces {
  let broken = store === undefined;
  let temporary: Promise<Temporary> | undefined;
  return {
    get isKept() {
      return !broken;
    },
    async put(index, bytes) {
      if (!broken) {
        try {
          await store?.write(tag, index, bytes);
          return;
        } catch {
          broken = true;
        }
      }
      if (!whole) return;
      temporary ??= openTemporary();
      await (await temporary).store.write(tag, index, bytes);
    },
    async get(index) {
      const now = await (await temporary)?.store.read(tag, index);
      return now ?? (await store?.read(tag, index).catch(() => undefined));
    },
    close: async () => (await temporary)?.remove(),
  };
}

interface Temporary {
  readonly store: ChunkStore;
  remove(): Promise<void>;
}

async function openTemporary(): Promise<Temporary> {
  if (!isNode) return { store: memoryStore(), remove: async () => undefined };
  const { mkdtemp, rm } = process.getBuiltinModule('node:fs/promises');
  const { tmpdir } = process.getBuiltinModule('node:os');
  const { join } = process.getBuiltinModule('node:path');
  const folder = await mkdtemp(join(tmpdir(), 'neverend-trecvit-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  return { store: folderStore(folder, 'download'), remove };
}
