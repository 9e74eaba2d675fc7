import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RunError } from './run-error.ts';

/** True for an error with one of these codes, of the file system or another. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** A file's bytes, or undefined when there is no such file. */
export async function readFileIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Makes a folder, and those above it, where they are missing. Level by level: Node's own `recursive` never ends
 * where a file system refuses a name with ENOENT, as Linux' /proc does.
 *
 * @throws RunError where a file is in its place, else the file system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  const make = async () => {
    try {
      await mkdir(path);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      if ((await stat(path)).isDirectory()) return;
      throw new RunError(`${path} is a file; it must be a folder, or not exist yet`);
    }
  };
  try {
    await make();
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await make();
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
