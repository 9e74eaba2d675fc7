import type { FileHandle } from 'node:fs/promises';
import { type ByteSource, toByteSource, wrongLength } from './byte-source.ts';

/** What Node reads in one call ends at 2 GiB. */
const mostBytes = 2 ** 30;

/** The bytes of an open file, each read where it lies; what is no file, such as a pipe, is read to its end first. */
export async function fileSource(handle: FileHandle): Promise<Required<ByteSource>> {
  const stats = await handle.stat();
  if (!stats.isFile()) return toByteSource(await handle.readFile());
  const fill = async (target: Uint8Array, start: number) => {
    for (let at = 0; at < target.length; ) {
      const wanted = Math.min(target.length - at, mostBytes);
      const { bytesRead } = await handle.read(target, at, wanted, start + at);
      if (bytesRead === 0) throw wrongLength(at, start, target.length);
      at += bytesRead;
    }
  };
  const read = async (start: number, end: number) => {
    const bytes = new Uint8Array(end - start);
    await fill(bytes, start);
    return bytes;
  };
  return { size: stats.size, read, fill };
}
