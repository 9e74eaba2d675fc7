import { createGzip } from 'node:zlib';
import type { TextDocument } from '../document.ts';

/** How many bytes `gzip -9` makes of documents as one file, one after the other. */
export async function gzippedBytes(documents: readonly TextDocument[]): Promise<number> {
  const gzip = createGzip({ level: 9 });
  let bytes = 0;
  gzip.on('data', (piece: Uint8Array) => {
    bytes += piece.length;
  });
  const ended = new Promise<void>((resolve, reject) => {
    gzip.on('end', resolve);
    gzip.on('error', reject);
  });
  for (const document of documents) gzip.write(document.bytes);
  gzip.end();
  await ended;
  return bytes;
}
