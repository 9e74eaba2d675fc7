import { readFile } from 'node:fs/promises';
import { inFile } from './in-file.ts';
import type { NamedArray } from './named-array.ts';
import { decodeNpy, type NpyOptions } from './npy.ts';

/**
 * Reads an .npy file on disk; see `decodeNpy`.
 *
 * @throws CheckpointError naming the file when its content is not valid, and the file system's error when it cannot be read. @throws
 * what `decodeNpy` throws for its options.
 */
export async function readNpy(path: string, options: NpyOptions = {}): Promise<NamedArray> {
  const bytes = await readFile(path);
  return inFile(path, () => decodeNpy(bytes, options));
}
