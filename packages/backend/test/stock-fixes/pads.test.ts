// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey, randomPermutation } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  numericGradient,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { naiveConv, naivePool, type WindowSizes } from './naive-windows.ts';
import { dot, weightedGradient, withKernel } from './stock.ts';

// As TensorFlow.js registers them, before any backend is started.
const stock = ['cpu', 'wasm'].map((backend) => tf.getKernel('Conv2D', backend));

type Pad = number | 'same' | [[0, 0], [number, number], [number, number], [0, 0]];
type Rounding = 'floor' | 'round' | 'ceil' | undefined;

interface Case {
  readonly pad: Pad;
  readonly window: [number, number];
  readonly strides: [number, number];
  readonly rounding?: Rounding;
  readonly counts: [number, number];
}

const input: [number, number, number, number] = [2, 5, 6, 2];
const cases: Case[] = [
  { pad: 'same', window: [3, 1], strides: [2, 2], counts: [3, 3] },
  { pad: 'same', window: [1, 2], strides: [3, 1], counts: [2, 6] },
  { pad: 1, window: [2, 3], strides: [1, 1], counts: [6, 6] },
  { pad: 1, window: [3, 2], strides: [2, 3], counts: [3, 3] },
  { pad: 0, window: [3, 1], strides: [2, 1], counts: [2, 6] },
  { pad: 1, window: [2, 3], strides: [3, 2], rounding: 'ceil', counts: [3, 4] },
  { pad: 1, window: [2, 2], strides: [2, 3], rounding: 'round', counts: [4, 3] },
  {
    pad: [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
    window: [3, 2],
    strides: [1, 2],
    counts: [6, 3],
  },
  {
    pad: [
      [0, 0],
      [1, 0],
      [0, 1],
      [0, 0],
    ],
    window: [3, 2],
    strides: [2, 2],
    rounding: 'ceil',
    counts: [3, 4],
  },
];

const sizesOf = ({ pad, window, strides, counts }: Case): WindowSizes => {
  const lacking = (axis: 0 | 1) =>
    Math.max(0, (counts[axis] - 1) * strides[axis] + window[axis] - input[axis === 0 ? 1 : 2]);
  const before =
    pad === 'same'
      ? [Math.floor(lacking(0) / 2), Math.floor(lacking(1) / 2)]
      : typeof pad === 'number'
        ? [pad, pad]
        : [pad[1][0], pad[2][0]];
  return { input, window, strides, counts, before };
};

await describeBackends('pads of images', (backend) => {
  beforeAll(() => poisonMemory());

  const size = input.reduce((a, b) => a * b);
  // No two are equal, so that none of them overtakes another in a difference.
  const x = Float32Array.from(randomPermutation(randomKey('x'), size), (n) => (n - size / 2) / 16);

  describe.each(cases)('of $pad, $window by $strides, $rounding', (example) => {
    const { pad, window, strides, rounding, counts } = example;
    const sizes = sizesOf(example);

    it.each([
      { name: 'conv2d', depthwise: false },
      { name: 'depthwiseConv2d', depthwise: true },
    ])('are those of plain loops, and have their gradients: $name', async ({ depthwise }) => {
      const w = await randomTensor(randomKey('w'), [...window, 2, 3]).data();
      const filter = tf.tensor(w, [...window, 2, 3]) as tf.Tensor4D;
      const conv = (image: tf.Tensor, by: tf.Tensor) =>
        depthwise
          ? tf.depthwiseConv2d(
              image as tf.Tensor4D,
              by as tf.Tensor4D,
              strides,
              pad,
              'NHWC',
              1,
              rounding,
            )
          : tf.conv2d(image as tf.Tensor4D, by as tf.Tensor4D, strides, pad, 'NHWC', 1, rounding);
      const image = tf.tensor(x, input);
      const y = conv(image, filter);
      expect(y.shape).toEqual([2, ...counts, depthwise ? 6 : 3]);
      await expectTensorClose(y, naiveConv(x, w, sizes, 3, depthwise));
      const dy = randomTensor(randomKey('dy'), y.shape);
      const weights = await dy.data();
      const of = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        dot(naiveConv(a, b, sizes, 3, depthwise), weights);
      // Both are linear, so that differences are exact.
      await expectTensorClose(
        weightedGradient((a) => conv(a, filter), image, dy),
        numericGradient((a) => of(a, w), x),
      );
      await expectTensorClose(
        weightedGradient((b) => conv(image, b), filter, dy),
        numericGradient((b) => of(x, b), w),
      );
      await expectNoLeak(() => weightedGradient((a) => conv(a, filter), image, dy).dispose());
    });

    it.each(['max', 'avg'] as const)('are those of plain loops: %s', async (how) => {
      const pool = (image: tf.Tensor) =>
        how === 'max'
          ? tf.maxPool(image as tf.Tensor4D, window, strides, pad, rounding)
          : tf.avgPool(image as tf.Tensor4D, window, strides, pad, rounding);
      const image = tf.tensor(x, input);
      // A window of pads alone has no mean.
      if (naivePool(x, sizes, how).some((value) => !Number.isFinite(value))) return;
      const y = pool(image);
      expect(y.shape).toEqual([2, ...counts, 2]);
      await expectTensorClose(y, naivePool(x, sizes, how));
      const dy = randomTensor(randomKey('dy'), y.shape);
      await expectNoLeak(() => weightedGradient(pool, image, dy).dispose());
      const weights = await dy.data();
      await expectTensorClose(
        weightedGradient(pool, image, dy),
        numericGradient((a) => dot(naivePool(a, sizes, how), weights), x),
      );
    });
  });

  it.runIf(backend === 'cpu' || backend === 'wasm')(
    'have the wrong size in stock TensorFlow.js',
    () => {
      const kernel = stock.find((config) => config?.backendName === backend) as tf.KernelConfig;
      const work = () =>
        tf.conv2d(tf.ones([1, 4, 5, 1]) as tf.Tensor4D, tf.ones([2, 3, 1, 1]) as tf.Tensor4D, 1, 1);
      expect(withKernel(kernel, work).shape).toEqual([1, 5, 6, 1]);
      expect(work().shape).toEqual([1, 5, 5, 1]);
    },
  );
});
