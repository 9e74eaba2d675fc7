import { readFile } from 'node:fs/promises';
import { decodeSafetensors, type Safetensors } from './decode-safetensors.ts';
import { encodeSafetensors } from './encode-safetensors.ts';
import { inFile } from './in-file.ts';
import type { NamedArray } from './named-array.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

/**
 * Reads a safetensors file.
 *
 * @throws CheckpointError naming the file when its content is not valid, and the file system's error when it
 * cannot be read.
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const file = await readFile(path);
  return inFile(path, () => decodeSafetensors(file));
}

/** Writes a safetensors file atomically; see `encodeSafetensors` and `writeFileAtomic`. */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}
