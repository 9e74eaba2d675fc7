import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends } from '../../src/testing/index.ts';

const N = 20_000;

/** What is drawn, its mean and deviation, and between what it lies. */
const draws: Readonly<
  Record<
    string,
    readonly [draw: () => tf.Tensor, mean: number, deviation: number, low: number, high: number]
  >
> = {
  rand: [() => tf.rand([N], () => Math.random()), 0.5, Math.sqrt(1 / 12), 0, 1],
  randomNormal: [() => tf.randomNormal([N], 2, 3), 2, 3, -20, 24],
  randomStandardNormal: [() => tf.randomStandardNormal([N]), 0, 1, -8, 8],
  randomUniform: [() => tf.randomUniform([N], -1, 3), 1, 4 / Math.sqrt(12), -1, 3],
  randomUniformInt: [() => tf.randomUniformInt([N], 0, 4), 1.5, Math.sqrt(15 / 12), 0, 3],
  // alpha times beta, though TensorFlow.js says that beta divides: MENDS.md has it among what is not mended.
  randomGamma: [() => tf.randomGamma([N], 4, 2), 8, 4, 0, 80],
  // Cut off at two deviations: the variance is 1 - 4 φ(2) / (2 Φ(2) - 1).
  truncatedNormal: [() => tf.truncatedNormal([N], 0, 1), 0, 0.8796, -2, 2],
  dropout: [() => tf.dropout(tf.ones([N]), 0.25), 1, Math.sqrt(1 / 3), 0, 4 / 3],
  multinomial: [
    () => tf.multinomial(tf.tensor1d([Math.log(0.5), Math.log(0.25), Math.log(0.25)]), N),
    0.75,
    Math.sqrt(1.25 - 0.75 ** 2),
    ...([0, 2] as const),
  ],
};

await describeBackends('random functions of TensorFlow.js', () => {
  it.each(Object.entries(draws))('%s', async (_name, [draw, mean, deviation, low, high]) => {
    const tensor = draw();
    const values = Array.from(await tensor.data());
    tensor.dispose();
    const average = values.reduce((sum, x) => sum + x, 0) / N;
    const square = values.reduce((sum, x) => sum + (x - average) ** 2, 0) / N;
    // Six deviations of the average; the deviation itself is good to some percent.
    expect(Math.abs(average - mean)).toBeLessThan((6 * deviation) / Math.sqrt(N));
    expect(Math.sqrt(square) / deviation).toBeCloseTo(1, 1);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low - 1e-5);
    expect(Math.max(...values)).toBeLessThanOrEqual(high + 1e-5);
  });
});
