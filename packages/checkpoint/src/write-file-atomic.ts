import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkOptions } from './check-options.ts';
import { ofPath } from './of-path.ts';

/** What a file is to hold: text, bytes, or its bytes in pieces, of which each is written before the next is asked for. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Replaces a file's content in one step: whoever reads `path`, also after a crash or a power cut at any
 * moment, finds the whole old content or the whole new one. A crash can leave a file named
 * `.<name>.<unique>.part` beside it, which may be removed. A symbolic link is replaced, not followed.
 *
 * @param options `signal` ends the work between two pieces, and before the new content takes its place.
 * @throws the file system's error, which names `path` or its folder, what the pieces throw, or the signal's reason; the old content is then still there, unless only
 * making the new one durable failed.
 */
export async function writeFileAtomic(
  path: string,
  data: FileContent,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  checkOptions('writeFileAtomic', options, ['signal']);
  await writeFilesAtomic([[path, data]], options.signal);
}

/**
 * As `writeFileAtomic`, for several files: none takes its place before all are written. They take it in this order, and a
 * crash in between leaves some of them old.
 */
export async function writeFilesAtomic(
  files: readonly (readonly [path: string, data: FileContent])[],
  signal?: AbortSignal,
): Promise<void> {
  const renames = files.map(([path, data]) => {
    const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
    return { path, data, temporary };
  });
  try {
    for (const { path, temporary, data } of renames) {
      signal?.throwIfAborted();
      const file = await ofPath(path, () => fs.open(temporary, 'wx'));
      const write = (piece: string | Uint8Array) => ofPath(path, () => file.writeFile(piece));
      try {
        if (typeof data === 'string' || ArrayBuffer.isView(data)) await write(data);
        else {
          for await (const piece of data) {
            signal?.throwIfAborted();
            await write(piece);
          }
        }
        await ofPath(path, () => file.sync());
      } finally {
        await file.close();
      }
    }
    signal?.throwIfAborted();
    for (const { temporary, path } of renames) {
      await ofPath(path, () => fs.rename(temporary, path));
    }
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
