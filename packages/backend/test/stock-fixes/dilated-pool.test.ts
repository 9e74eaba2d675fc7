// In a process of its own: it takes what stock TensorFlow.js gives before any mend.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { randomKey, randomPermutation } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  numericGradient,
  randomTensor,
} from '../../src/testing/index.ts';
import { dot, weightedGradient } from './stock.ts';

type Pair = [number, number];

const [height, width, channels] = [5, 4, 2];

/** The largest or the mean of those of a window's numbers that lie in the image, by plain loops. */
function naive(x: ArrayLike<number>, how: 'max' | 'avg', window: Pair, dilations: Pair): number[] {
  const y: number[] = [];
  const [top, left] = window.map((size, axis) =>
    Math.floor(((size - 1) * (dilations[axis] ?? 1)) / 2),
  );
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const held: number[] = [];
        for (let i = 0; i < window[0]; i++) {
          for (let j = 0; j < window[1]; j++) {
            const h = row - (top ?? 0) + i * dilations[0];
            const w = column - (left ?? 0) + j * dilations[1];
            if (h < 0 || w < 0 || h >= height || w >= width) continue;
            held.push(x[(h * width + w) * channels + channel] ?? 0);
          }
        }
        y.push(
          how === 'max'
            ? Math.max(...held)
            : held.reduce((sum, value) => sum + value, 0) / held.length,
        );
      }
    }
  }
  return y;
}

const size = height * width * channels;
// All below zero, and no two are equal, so that none of them overtakes another in a difference.
const x = Float32Array.from(randomPermutation(randomKey('x'), size), (n) => -(n + 1) / 8);
const image = () => tf.tensor(x, [1, height, width, channels]) as tf.Tensor4D;

await tf.setBackend('cpu');
const stock = await tf.pool(image(), 2, 'max', 'same', 2).data();

await describeBackends('pools with dilations', () => {
  it('take pads for numbers in stock TensorFlow.js', () => {
    expect(Math.max(...stock)).toBe(0);
  });

  it.each([
    { window: [2, 2], dilations: [2, 2] },
    { window: [3, 2], dilations: [1, 2] },
    { window: [2, 3], dilations: [3, 2] },
  ] as { window: Pair; dilations: Pair }[])(
    'are over what the windows hold: $window, $dilations',
    async ({ window, dilations }) => {
      for (const how of ['max', 'avg'] as const) {
        const pool = (a: tf.Tensor) => tf.pool(a as tf.Tensor4D, window, how, 'same', dilations);
        const y = pool(image());
        expect(y.shape).toEqual([1, height, width, channels]);
        await expectTensorClose(y, naive(x, how, window, dilations));
        const dy = randomTensor(randomKey('dy'), y.shape);
        const weights = await dy.data();
        await expectTensorClose(
          weightedGradient(pool, image(), dy),
          numericGradient((a) => dot(naive(a, how, window, dilations), weights), x),
        );
        await expectNoLeak(() => tf.tidy(() => void weightedGradient(pool, image(), dy)));
      }
    },
  );

  it('are the largest of integers', async () => {
    const integers = tf.cast(tf.mul(image(), 8), 'int32') as tf.Tensor4D;
    const wanted = naive(
      Float32Array.from(x, (value) => value * 8),
      'max',
      [2, 2],
      [2, 2],
    );
    await expectTensorClose(tf.pool(integers, 2, 'max', 'same', 2), wanted);
  });
});
