import { open } from 'node:fs/promises';
import { checkOptions } from './check-options.ts';
import { fileSource } from './file-source.ts';
import { eachInFile, inFile } from './in-file.ts';
import type { NamedArray } from './named-array.ts';
import { type Npz, type NpzOptions, npzOptions, openNpz } from './npz.ts';

/** An .npz file on disk, open until it is closed. */
export interface NpzFile extends Npz {
  /** Closes the file; nothing can be read then. */
  close(): Promise<void>;
}

/**
 * Opens an .npz file on disk; see `openNpz`. The caller closes it.
 *
 * @throws CheckpointError naming the file when its content is not valid, and the file system's error when it
 * cannot be read. @throws what `openNpz` throws for its options.
 */
export async function openNpzFile(path: string, options: NpzOptions = {}): Promise<NpzFile> {
  checkOptions('openNpzFile', options, npzOptions);
  const handle = await open(path);
  try {
    const source = await fileSource(handle);
    const npz = await inFile(path, () => openNpz(source, options));
    return {
      ...{ names: npz.names, others: npz.others, unreadable: npz.unreadable },
      read: (name) => inFile(path, () => npz.read(name)),
      [Symbol.asyncIterator]: () => eachInFile(path, npz),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * The arrays of an .npz file on disk by their names, one after another: no more than one is held. The file is
 * closed when the iteration ends, however it does.
 *
 * @throws what `openNpzFile` and `Npz.read` throw.
 */
export async function* readNpz(
  path: string,
  options: NpzOptions = {},
): AsyncGenerator<[name: string, array: NamedArray], void, undefined> {
  checkOptions('readNpz', options, npzOptions);
  const npz = await openNpzFile(path, options);
  try {
    yield* npz;
  } finally {
    await npz.close();
  }
}
