import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** True for an error of the file system, or of the operating system, with this code. */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** A file's bytes, or undefined when there is no such file. */
export async function readFileIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Removes what killed writers left in one folder of a run, not below it.
 *
 * @param written Names of the files that are written there; without it, every half-written file goes.
 */
export async function removeParts(folder: string, written?: readonly string[]): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, target] = /^\.(.+)\.[\da-f-]{36}\.part$/.exec(name) ?? [];
    if (target !== undefined && (written?.includes(target) ?? true)) {
      await rm(join(folder, name), { force: true });
    }
  }
}
