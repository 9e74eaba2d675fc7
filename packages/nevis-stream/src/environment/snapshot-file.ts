import { createHash } from 'node:crypto';
import { CheckpointError, decodeSafetensors, encodeSafetensors } from '@neverend/checkpoint';
import { writeFileAtomic } from '@neverend/checkpoint/node';
import type { Snapshot } from '../types.ts';
import { readFileIfPresent, stableJson } from './json-file.ts';

/** Writes a snapshot as one safetensors file, atomically. @returns the SHA-256 (hex) of the file. */
export async function writeSnapshot(path: string, snapshot: Snapshot): Promise<string> {
  const bytes = encodeSafetensors(snapshot.tensors, { meta: stableJson(snapshot.meta) });
  await writeFileAtomic(path, bytes);
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * @returns the snapshot in a file, or undefined when there is no such file.
 * @throws CheckpointError when the file is damaged.
 */
export async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) return undefined;
  const { tensors, metadata } = decodeSafetensors(bytes);
  try {
    return { meta: JSON.parse(metadata['meta'] ?? '{}'), tensors };
  } catch (cause) {
    throw new CheckpointError(`the metadata "meta" of ${path} is not JSON`, { cause });
  }
}
