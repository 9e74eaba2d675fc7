// What TensorFlow.js gives otherwise is NaN, an error or another number's slope.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';

const exact = { rtol: 1e-5, atol: 1e-6 };
const inf = Number.POSITIVE_INFINITY;

type F = (x: tf.Tensor) => tf.Tensor;

/** What a function gives, or its slopes, by PyTorch or by hand. */
const slopes: Readonly<Record<string, [F, number[], number[]]>> = {
  'the root of relu': [(x) => tf.sqrt(tf.relu(x)), [-1, 4, 0], [0, 0.25, 0]],
  'the root of relu6': [(x) => tf.sqrt(tf.relu6(x)), [-1, 4, 7, 6, 0], [0, 0.25, 0, 0, 0]],
  'relu of infinity and of NaN': [tf.relu, [inf, -inf, Number.NaN], [1, 0, 1]],
  'relu6 of NaN': [tf.relu6, [Number.NaN], [1]],
  'maximum of NaN': [(x) => tf.maximum(x, 1), [Number.NaN], [1]],
  'the root of a maximum': [(x) => tf.sqrt(tf.maximum(x, 0)), [-1, 4], [0, 0.25]],
  'the root of a minimum': [(x) => tf.sqrt(tf.neg(tf.minimum(x, 0))), [1, -4], [0, -0.25]],
  'the root of a largest number': [
    (x) => tf.sqrt(tf.add(tf.max(tf.reshape(x, [2, 2]), 1), 1)),
    [-2, -1, 3, 0],
    [0, inf, 0.25, 0],
  ],
  'the root of a diagonal': [(x) => tf.sqrt(tf.diag(x)), [4, 16], [0.25, 0.125]],
  'logSigmoid of a product': [
    (x) => tf.logSigmoid(tf.mul(x, 2)),
    [1, -0.5],
    [2 / (1 + Math.exp(2)), 2 / (1 + Math.exp(-1))],
  ],
  floorDiv: [(x) => tf.floorDiv(x, 2), [5, -3], [0, 0]],
  'the power 0': [(x) => tf.pow(x, 0), [0, 2], [0, 0]],
  'the second slope of the power 1': [tf.grad((x) => tf.pow(x, 1)), [0, 2], [0, 0]],
  'a loss whose weights are all 0': [
    (x) => tf.losses.meanSquaredError([1, 2], x as tf.Tensor1D, [0, 0]),
    [3, 4],
    [0, 0],
  ],
};

await describeBackends('slopes', () => {
  beforeAll(() => poisonMemory());

  it.each(Object.entries(slopes))('%s', async (_, [f, at, expected]) => {
    const x = tf.tensor1d(at);
    await expectNoLeak(async () => {
      const found = tf.grad((x) => tf.sum(f(x)))(x);
      await expectTensorClose(found, expected, exact);
      found.dispose();
    });
    x.dispose();
  });

  it('logSumExp of infinities', async () => {
    const x = tf.tensor2d([-inf, -inf, inf, 1, -inf, 2], [3, 2]);
    const y = tf.logSumExp(x, 1);
    expect(Array.from(await y.data())).toEqual([-inf, inf, 2]);
    tf.dispose([x, y]);
  });

  it('resizeNearestNeighbor gives each slope to the number that was taken', async () => {
    const sizes = fc.integer({ min: 1, max: 64 });
    const how = fc.constantFrom([false, false], [true, false], [false, true]);
    await fc.assert(
      fc.asyncProperty(sizes, sizes, how, async (from, to, [corners, centres]) => {
        const resized = (x: tf.Tensor) =>
          tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [to, 1], corners, centres);
        const places = tf.reshape(tf.range(0, from), [1, from, 1, 1]);
        const dy = tf.reshape(tf.range(1, to + 1), [1, to, 1, 1]);
        const [taken, slope] = tf.tidy(() => [resized(places), tf.grad(resized)(places, dy)]);
        const expected = new Array<number>(from).fill(0);
        for (const [row, place] of (await taken.data()).entries()) {
          expected[place] = (expected[place] ?? 0) + row + 1;
        }
        await expectTensorClose(slope, expected, exact);
        tf.dispose([places, dy, taken, slope]);
      }),
      {
        numRuns: 30,
        examples: [
          [16, 27, [false, false]],
          [26, 22, [false, false]],
          [16, 23, [true, false]],
          [18, 33, [false, true]],
          [1, 49, [false, false]],
        ],
      },
    );
  });

  /** By the formula, number by number. */
  const batchNorm = (x: tf.Tensor, ...rest: (tf.Tensor | undefined)[]): tf.Tensor => {
    const [mean, variance, offset, scale] = rest as [tf.Tensor, tf.Tensor, tf.Tensor?, tf.Tensor?];
    const normed = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3)));
    const scaled = scale ? tf.mul(normed, scale) : normed;
    return offset ? tf.add(scaled, offset) : scaled;
  };

  it.each([
    [
      [2, 3],
      [2, 1],
    ],
    [[2, 3], [3]],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 3, 4],
      [1, 3, 1],
    ],
    [
      [2, 2, 3, 4],
      [1, 2, 1, 1],
    ],
    [
      [2, 2, 3, 4],
      [1, 1, 1, 4],
    ],
    [[2, 2, 3, 4], [4]],
  ])('batchNorm of %j by numbers of %j, with and without a scale and an offset', async (...of) => {
    const [shape, ofNumbers] = of;
    const x = tf.randomNormal(shape, 0, 1, 'float32', 1);
    const numbers = [2, 3, 4, 5].map((seed) =>
      tf.randomUniform(ofNumbers, 0.5, 2, 'float32', seed),
    );
    for (const [hasOffset, hasScale] of [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ]) {
      const given = [x, ...numbers].filter(
        (_, index) => (index !== 3 || hasOffset) && (index !== 4 || hasScale),
      );
      const named = ([x, mean, variance, ...rest]: tf.Tensor[]) =>
        [x, mean, variance, hasOffset ? rest.shift() : undefined, rest[0]] as const;
      const ours = (...inputs: tf.Tensor[]) => {
        const [x, mean, variance, offset, scale] = named(inputs);
        return tf.batchNorm(
          x as tf.Tensor,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
        );
      };
      const reference = (...inputs: tf.Tensor[]) => {
        const [x, ...rest] = named(inputs);
        return batchNorm(x as tf.Tensor, ...rest);
      };
      const all = (f: typeof ours) => {
        const cubes = (...inputs: tf.Tensor[]) => tf.sum(tf.pow(f(...inputs), 3));
        const squares = (...inputs: tf.Tensor[]) =>
          tf.addN(
            tf
              .grads(cubes)(inputs)
              .map((slope) => tf.sum(tf.square(slope))),
          );
        return tf.tidy(() => [f(...given), ...tf.grads(cubes)(given), ...tf.grads(squares)(given)]);
      };
      const [found, expected] = [all(ours), all(reference)];
      for (const [index, y] of found.entries()) {
        const wanted = expected[index] as tf.Tensor;
        expect(y.shape).toEqual(wanted.shape);
        await expectTensorClose(y, await wanted.data(), { rtol: 2e-4, atol: 2e-4 });
      }
      tf.dispose([found, expected]);
    }
    tf.dispose([x, numbers]);
  });

  it.each([{ axis: 1 }, { scale: false }, { center: false }, { axis: 1, scale: false }])(
    'layers.batchNormalization(%j) learns',
    async (config) => {
      const model = layers.sequential();
      model.add(layers.layers.batchNormalization({ ...config, inputShape: [3, 2] }));
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const x = tf.randomNormal([4, 3, 2], 2, 3, 'float32', 7);
      const y = tf.ones([4, 3, 2]);
      const { history } = await model.fit(x, y, { epochs: 3, verbose: 0, shuffle: false });
      const losses = history['loss'] as number[];
      expect(losses[2]).toBeLessThan(losses[0] as number);
      tf.dispose([x, y]);
      model.dispose();
    },
  );
});
