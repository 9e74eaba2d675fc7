import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { NamedArray } from './named-array.ts';
import { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.ts';

/**
 * Reads a safetensors file.
 *
 * @throws CheckpointError when its content is not valid, and the file system's error when it cannot be read.
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  return decodeSafetensors(await fs.readFile(path));
}

/** Writes a safetensors file atomically; see `encodeSafetensors` and `writeFileAtomic`. */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

/**
 * Replaces a file's content in one step: whoever reads `path`, also after a crash at any moment, finds the
 * old content or the new one. A crash can leave a file named `.<name>.<unique>.part` beside it.
 *
 * @throws the file system's error; the old content is then still there.
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${randomUUID()}.part`);
  try {
    const file = await fs.open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Makes a rename durable. Windows cannot open folders, and makes renames durable by itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
