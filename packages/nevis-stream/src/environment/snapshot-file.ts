import { createHash } from 'node:crypto';
import { CheckpointError, decodeSafetensors, encodeSafetensors } from '@neverend/checkpoint';
import {
  RunError,
  readFileIfPresent,
  stableJson,
  writeFileAtomic,
} from '@neverend/checkpoint/node';
import type { Snapshot } from '../types.ts';

/** Writes a snapshot as one safetensors file, atomically. @returns the SHA-256 (hex) of the file. */
export async function writeSnapshot(path: string, snapshot: Snapshot): Promise<string> {
  const bytes = encodeSafetensors(snapshot.tensors, { meta: stableJson(snapshot.meta) });
  await writeFileAtomic(path, bytes);
  return sha256Of(bytes);
}

/** @returns the snapshot in a file, or undefined when there is no such file or it is damaged. */
export async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  const bytes = await readFileIfPresent(path);
  try {
    return bytes && parse(bytes);
  } catch (error) {
    if (CheckpointError.isInstance(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * @param sha256 What `writeSnapshot` answered.
 * @returns the snapshot in a file.
 * @throws RunError naming the file when it is not there, or not what was written.
 */
export async function readSnapshotOf(path: string, sha256: string): Promise<Snapshot> {
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined || sha256Of(bytes) !== sha256) {
    const state = bytes === undefined ? 'is missing' : 'is not what was written';
    throw new RunError(
      `${path} ${state}; restore it, or delete the learner's folder to start it again`,
    );
  }
  return parse(bytes);
}

function parse(bytes: Uint8Array): Snapshot {
  const { tensors, metadata } = decodeSafetensors(bytes);
  return { meta: JSON.parse(metadata['meta'] ?? '{}'), tensors };
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
