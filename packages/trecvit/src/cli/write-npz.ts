import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ofPath } from '@neverend/checkpoint/node';
import type { Params } from '@neverend/nn';
import { Zip, ZipPassThrough } from 'fflate';

export const isNpz = (path: string): boolean => /\.npz$/i.test(path);

/**
 * Writes parameters as an .npz file without compression, as `numpy.savez` does and the official code reads: one array at a time, under
 * another name until all are there.
 *
 * @param params float32. @throws the signal's reason, and the file system's error; nothing is left then.
 */
export async function writeNpz(path: string, params: Params, signal: AbortSignal): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  const file = await ofPath(path, () => open(temporary, 'wx'));
  try {
    let chunks: Uint8Array[] = [];
    const zip = new Zip((error, chunk) => {
      if (error) throw error;
      chunks.push(chunk);
    });
    const flush = async () => {
      for (const chunk of chunks) await ofPath(path, () => file.writeFile(chunk));
      chunks = [];
    };
    for (const [name, tensor] of Object.entries(params)) {
      signal.throwIfAborted();
      const { buffer, byteOffset, byteLength } = await tensor.data<'float32'>();
      const member = new ZipPassThrough(`${name}.npy`);
      zip.add(member);
      member.push(npyHeader(tensor.shape));
      member.push(new Uint8Array(buffer, byteOffset, byteLength), true);
      await flush();
    }
    zip.end();
    await flush();
    await ofPath(path, () => file.sync());
    await file.close();
    await ofPath(path, () => rename(temporary, path));
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What comes before the numbers in a .npy file of format 1.0: 64 bytes or a multiple of them. */
function npyHeader(shape: readonly number[]): Uint8Array {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const fixed = 10;
  const length = Math.ceil((fixed + text.length + 1) / 64) * 64 - fixed;
  const header = Buffer.alloc(fixed + length);
  header.write('\u0093NUMPY\u0001\u0000', 'latin1');
  header.writeUInt16LE(length, fixed - 2);
  header.write(`${text.padEnd(length - 1)}\n`, fixed, 'latin1');
  return header;
}
