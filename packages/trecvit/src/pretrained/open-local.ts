import { CheckpointError } from '@neverend/checkpoint';
import type { OpenFile } from './open-url.ts';

/** Opens a file on disk. Node only. @throws CheckpointError when there is none, the file system's error when it cannot be read. */
export async function openLocal(path: string): Promise<OpenFile> {
  const { open } = process.getBuiltinModule('node:fs/promises');
  const handle = await open(path).catch((error: unknown) => {
    throw isAbsent(error) ? new CheckpointError(`${path}: there is no such file`) : error;
  });
  try {
    const { size } = await handle.stat();
    return {
      label: path,
      source: {
        size,
        async read(start, end) {
          const bytes = new Uint8Array(end - start);
          let at = 0;
          while (at < bytes.length) {
            const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
            if (bytesRead === 0) break;
            at += bytesRead;
          }
          return bytes.subarray(0, at);
        },
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What a folder on disk has. @returns undefined where the path is no folder. @throws CheckpointError when there is nothing. */
export async function filesIn(path: string): Promise<readonly string[] | undefined> {
  const { readdir, stat } = process.getBuiltinModule('node:fs/promises');
  const found = await stat(path).catch((error: unknown) => {
    throw isAbsent(error) ? new CheckpointError(`${path}: there is no such file or folder`) : error;
  });
  return found.isDirectory() ? await readdir(path) : undefined;
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
