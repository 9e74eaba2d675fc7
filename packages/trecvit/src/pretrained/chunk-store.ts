/** A file at an address, as the server describes it. */
export interface FileVersion {
  /** Bytes of the whole file. */
  readonly size: number;
  /** What tells this content from others at the same address: the server's ETag, or else its date and length. */
  readonly tag: string;
}

/** The bytes of a file are kept in pieces of this size, but for the last one. */
export const chunkBytes: number = 1 << 22;

/** Keeps the pieces of one downloaded file. A piece is there as a whole, or not at all. */
export interface ChunkStore {
  /** The version of which all pieces were there when the last download ended; undefined where none is. */
  complete(): Promise<FileVersion | undefined>;
  /** Whether there is such a piece, of this length. */
  has(tag: string, index: number, bytes: number): Promise<boolean>;
  /** A piece; undefined where there is none. */
  read(tag: string, index: number): Promise<Uint8Array | undefined>;
  write(tag: string, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Says that this version is complete; the pieces of others go. */
  finish(version: FileVersion): Promise<void>;
  /** Removes the pieces of this version. */
  discard(tag: string): Promise<void>;
}

/** The number of pieces of a file. */
export const chunkCount = (size: number): number => Math.ceil(size / chunkBytes);

/** The length of a piece of a file. */
export const chunkLength = (size: number, index: number): number =>
  Math.min(chunkBytes, size - index * chunkBytes);

/** True if all pieces of a version are there. */
export async function holdsAll(store: ChunkStore, { size, tag }: FileVersion): Promise<boolean> {
  for (let index = 0; index < chunkCount(size); index++) {
    if (!(await store.has(tag, index, chunkLength(size, index)))) return false;
  }
  return true;
}

/** What `finish` wrote, if it is that. */
export function checkedVersion(value: unknown): FileVersion | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { size, tag } = value as Partial<FileVersion>;
  return Number.isSafeInteger(size) && typeof tag === 'string'
    ? { size: size as number, tag }
    : undefined;
}

/** Keeps the pieces for as long as it lives; browsers may move large Blobs to disk. */
export function memoryStore(): ChunkStore {
  const kept = new Map<number, Blob>();
  return {
    complete: async () => undefined,
    has: async (_, index, bytes) => kept.get(index)?.size === bytes,
    read: async (_, index) => {
      const blob = kept.get(index);
      return blob && new Uint8Array(await blob.arrayBuffer());
    },
    write: async (_, index, bytes) => void kept.set(index, new Blob([bytes])),
    finish: async () => undefined,
    discard: async () => kept.clear(),
  };
}
