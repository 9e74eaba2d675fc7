import { readFile } from 'node:fs/promises';
import { CheckpointError } from './checkpoint-error.ts';
import { decodeSafetensors, type Safetensors } from './decode-safetensors.ts';
import { encodeSafetensors } from './encode-safetensors.ts';
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
  try {
    return decodeSafetensors(file);
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    throw new CheckpointError(`${path}: ${error.message}`, { cause: error });
  }
}

/** Writes a safetensors file atomically; see `encodeSafetensors` and `writeFileAtomic`. */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}
