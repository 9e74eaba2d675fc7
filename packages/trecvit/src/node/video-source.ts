import { stat } from 'node:fs/promises';
import { VideoError } from '../video/video-error.ts';

/** A file, a folder of images, or the bytes of a file as they come, such as `process.stdin`. */
export type VideoSource = string | AsyncIterable<Uint8Array>;

export function nameOf(source: VideoSource): string {
  return typeof source === 'string' ? source : 'the stream';
}

/** What is there. @throws VideoError naming the path when it is neither a file nor a folder, or is empty. */
export async function kindOf(source: VideoSource): Promise<'file' | 'folder' | 'stream'> {
  if (typeof source !== 'string') return 'stream';
  const found = await stat(source).catch((cause: NodeJS.ErrnoException) => {
    if (/^[a-z][a-z\d+.-]+:\/\//i.test(source)) {
      throw new VideoError(
        `${source} is an address; videos are files or folders: download it first`,
      );
    }
    const reason = cause.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${cause.message}`;
    throw new VideoError(`${source} ${reason}`, { cause });
  });
  if (found.isDirectory()) return 'folder';
  if (!found.isFile()) throw new VideoError(`${source} is neither a file nor a folder`);
  if (found.size === 0) throw new VideoError(`${source} is empty`);
  return 'file';
}
