import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder, writeFileAtomic } from '@neverend/checkpoint/node';
import { DataError } from './data-error.ts';

const hour = 3_600_000;

/**
 * A file whose content is a function of other data: read when it is there and whole, made and written
 * otherwise. Several processes may do so at once, and any of them may be killed.
 *
 * @param sha256 Hash that the content must have.
 * @param make Makes the content.
 * @param warn Is told, in one line, when the file cannot be written; the content is answered all the same.
 * @throws DataError when what was made has another hash.
 */
export async function readPrepared(
  path: string,
  sha256: string,
  make: () => Promise<Uint8Array>,
  warn: (message: string) => void,
): Promise<Uint8Array> {
  const stored = await readFile(path).catch(() => undefined);
  if (stored && hashOf(stored) === sha256) return stored;
  const made = await make();
  const hash = hashOf(made);
  if (hash !== sha256) {
    throw new DataError(
      `The data for ${path} came out with the SHA-256 ${hash}, which must be ${sha256}; please report this with your version of Node and your processor`,
    );
  }
  try {
    await makeFolder(dirname(path));
    await writeFileAtomic(path, made);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(`${path} cannot be written and is made again next time: ${reason}`);
  }
  // A file that stays costs nothing but space.
  await removeAbandoned(path).catch(() => undefined);
  return made;
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Removes what killed processes left; no process is at work on a temporary file for an hour. */
async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`.${basename(path)}.`) || !name.endsWith('.part')) continue;
    const part = join(folder, name);
    const status = await stat(part).catch(() => undefined);
    if (status && Date.now() - status.mtimeMs > hour) await rm(part, { force: true });
  }
}
