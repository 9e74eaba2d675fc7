import type { ByteSource } from '@neverend/checkpoint';
import { chunkBytes } from './chunk-store.ts';

/** The pieces that stay in memory: a file's directory lies at its end, and arrays are read from the beginning on. */
const piecesInMemory = 3;

/**
 * Random access to a file by its pieces.
 *
 * @param load gives a piece of the right length. @throws what `load` throws, and the signal's reason.
 */
export function chunkedSource(
  size: number,
  load: (index: number) => Promise<Uint8Array>,
  signal: AbortSignal | undefined,
): ByteSource {
  const recent = new Map<number, Promise<Uint8Array>>();
  const piece = (index: number): Promise<Uint8Array> => {
    const loading = recent.get(index) ?? load(index);
    recent.delete(index);
    recent.set(index, loading);
    loading.catch(() => recent.delete(index));
    for (const [oldest] of recent) {
      if (recent.size <= piecesInMemory) break;
      recent.delete(oldest);
    }
    return loading;
  };
  return {
    size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      for (let at = start; at < end; ) {
        signal?.throwIfAborted();
        const index = Math.floor(at / chunkBytes);
        const from = index * chunkBytes;
        const part = (await piece(index)).subarray(at - from, end - from);
        bytes.set(part, at - start);
        at += part.length;
      }
      return bytes;
    },
  };
}
