import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cropsToTensor } from '../../src/cli/crops-to-tensor.ts';
import { TRecViT } from '../../src/index.ts';
import { decodeVideo } from '../../src/node/index.ts';
import { encodeVideo } from '../node/encode-video.ts';
import { run } from './capture.ts';
import { config, type Fixture, makeFixture } from './fixture.ts';

let files: Fixture;
beforeAll(async () => {
  files = await makeFixture();
});
afterAll(() => files?.remove());

describe('crops of pictures', () => {
  const model = {
    config: { ...config, imageSize: [2, 2] },
    input: { framesPerSecond: 1, crop: 'centre', range: [-1, 1] },
  } as const;
  /** Of a size, in which each pixel has a grey of its own. */
  const pictureOf = (rows: number, columns: number, darkest: number) => ({
    ...{ seconds: 0, rows, columns },
    pixels: Uint8Array.from(
      { length: 3 * rows * columns },
      (_, at) => darkest + Math.floor(at / 3),
    ),
  });
  const levels = (...greys: readonly number[]) =>
    greys.flatMap((grey) => Array<number>(3).fill((2 * grey) / 255 - 1));

  it.each([
    // The greys of a crop row by row, in either picture.
    [
      'wide',
      2,
      6,
      [
        [0, 1, 6, 7],
        [2, 3, 8, 9],
        [4, 5, 10, 11],
      ],
    ],
    [
      'tall',
      6,
      2,
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
      ],
    ],
    ['square', 2, 2, [[0, 1, 2, 3]]],
  ] as const)('are spread over %s ones', async (_shape, rows, columns, crops) => {
    const pictures = [pictureOf(rows, columns, 0), pictureOf(rows, columns, 100)];
    const video = cropsToTensor(pictures, 3, model);
    expect(video.shape).toEqual([crops.length, 2, 2, 2, 3]);
    const expected = crops.flatMap((greys) =>
      [0, 100].flatMap((darkest) => levels(...greys.map((grey) => darkest + grey))),
    );
    const found = await video.data();
    for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, 5);
    video.dispose();
  });

  it('are the middle where there is one', async () => {
    const video = cropsToTensor([pictureOf(2, 6, 0)], 1, model);
    const found = [...(await video.data())];
    expect(found).toEqual([...Float32Array.from(levels(2, 3, 8, 9))]);
    video.dispose();
  });
});

it('classify averages the probabilities of crops', async () => {
  // As high as the model's frames and three times as wide, so that crops are cut and nothing is scaled.
  const [rows, columns] = [16, 48];
  const video = join(files.folder, 'gradient.mp4');
  const bytes = new Uint8Array(1.5 * rows * columns).fill(128);
  for (let at = 0; at < rows * columns; at++) bytes[at] = 20 + 4 * (at % columns);
  const pictures = Array.from({ length: 16 }, (_, index) => ({ at: 40 * index, bytes }));
  await encodeVideo(video, pictures, { rows, columns });

  const model = await TRecViT.fromPretrained(files.model);
  const frames: tf.Tensor[] = [];
  for await (const { pixels } of decodeVideo(video, { framesPerSecond: 12.5 })) {
    frames.push(tf.tensor(pixels, [1, rows, columns, 3], 'float32'));
  }
  const whole = tf.tidy(() => tf.div(tf.stack(frames, 1), 255));
  const cropped = [0, 16, 32].map((left) => {
    const crop = tf.slice(whole, [0, 0, 0, left, 0], [-1, -1, -1, 16, -1]);
    const { probabilities, dispose } = model.classify(crop);
    crop.dispose();
    const values = [...probabilities.dataSync()];
    dispose();
    return values;
  });
  tf.dispose([whole, frames]);
  model.dispose();

  const probabilitiesOf = async (...flags: readonly string[]): Promise<number[]> => {
    const args = ['classify', video, '--checkpoint', files.model, '--json', ...flags];
    const { top } = JSON.parse((await run(...args)).stdout).videos[0];
    return [0, 1, 2].map(
      (index) => top.find((guess: { index: number }) => guess.index === index).probability,
    );
  };
  const [three, one] = [await probabilitiesOf('--crops', '3'), await probabilitiesOf()];
  for (const index of [0, 1, 2]) {
    const mean = cropped.reduce((sum, values) => sum + (values[index] as number) / 3, 0);
    expect(three[index]).toBeCloseTo(mean, 5);
    expect(one[index]).toBeCloseTo(cropped[1]?.[index] as number, 5);
  }
  expect(
    Math.max(...three.map((value, index) => Math.abs(value - (one[index] as number)))),
  ).toBeGreaterThan(1e-3);
});
