import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file's content in one step: whoever reads `path`, also after a crash or a power cut at any
 * moment, finds the whole old content or the whole new one. A crash can leave a file named
 * `.<name>.<unique>.part` beside it, which may be removed. A symbolic link is replaced, not followed.
 *
 * @throws the file system's error; the old content is then still there, unless only making the new one
 * durable failed.
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  await writeFilesAtomic([[path, data]]);
}

/**
 * As `writeFileAtomic`, for several files: none takes its place before all are written. They take it in this order, and a
 * crash in between leaves some of them old.
 */
export async function writeFilesAtomic(
  files: readonly (readonly [path: string, data: Uint8Array | string])[],
): Promise<void> {
  const renames = files.map(([path, data]) => {
    const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
    return { path, data, temporary };
  });
  try {
    for (const { temporary, data } of renames) {
      const file = await fs.open(temporary, 'wx');
      try {
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
    }
    for (const { temporary, path } of renames) await fs.rename(temporary, path);
  } catch (error) {
    // What went wrong first is the error to tell.
    for (const { temporary } of renames) {
      await fs.rm(temporary, { force: true }).catch(() => undefined);
    }
    throw error;
  }
  for (const folder of new Set(files.map(([path]) => dirname(path)))) await syncFolder(folder);
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
