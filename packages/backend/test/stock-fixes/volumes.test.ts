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

type Triple = [number, number, number];

// As TensorFlow.js registers them, before any backend is started.
const stock = Object.fromEntries(
  ['Conv3D', 'Conv3DBackpropFilterV2', 'Conv3DBackpropInputV2'].map((name) => [
    name,
    tf.getKernel(name, 'wasm'),
  ]),
);

const input: [number, number, number, number, number] = [1, 4, 4, 5, 2];

function sizesOf(window: Triple, strides: Triple, pad: 'same' | 'valid'): WindowSizes {
  const axes = input.slice(1, -1);
  const counts = axes.map((size, axis) => {
    const [width, stride] = [window[axis] ?? 1, strides[axis] ?? 1];
    return Math.ceil((pad === 'same' ? size : size - width + 1) / stride);
  });
  const before = axes.map((size, axis) => {
    const reach = ((counts[axis] ?? 1) - 1) * (strides[axis] ?? 1) + (window[axis] ?? 1);
    return pad === 'same' ? Math.floor(Math.max(0, reach - size) / 2) : 0;
  });
  return { input, window, strides, counts, before };
}

await describeBackends('windows over volumes', (backend) => {
  beforeAll(() => poisonMemory());

  const size = input.reduce((a, b) => a * b);
  // No two are equal, so that none of them overtakes another in a difference.
  const x = Float32Array.from(randomPermutation(randomKey('x'), size), (n) => (n - size / 2) / 64);

  describe.each([
    { window: [2, 1, 3], strides: [1, 1, 1] },
    { window: [1, 1, 2], strides: [2, 3, 2] },
    { window: [3, 2, 2], strides: [2, 2, 1] },
    { window: [1, 2, 1], strides: [3, 2, 3] },
    { window: [1, 1, 2], strides: [4, 4, 4] },
  ] as { window: Triple; strides: Triple }[])('$window by $strides', ({ window, strides }) => {
    it.each(['same', 'valid'] as const)('are convolved as by plain loops: %s', async (pad) => {
      const volume = tf.tensor(x, input) as tf.Tensor5D;
      const sizes = sizesOf(window, strides, pad);
      const filter = randomTensor(randomKey('w'), [...window, 2, 3]) as tf.Tensor5D;
      const w = await filter.data();
      const conv = (a: tf.Tensor, b: tf.Tensor) =>
        tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, strides, pad);
      const y = conv(volume, filter);
      expect(y.shape).toEqual([1, ...sizes.counts, 3]);
      await expectTensorClose(y, naiveConv(x, w, sizes, 3));
      const dy = randomTensor(randomKey('dy'), y.shape) as tf.Tensor5D;
      const weights = await dy.data();
      // Linear, so that differences are exact.
      const dx = numericGradient((a) => dot(naiveConv(a, w, sizes, 3), weights), x);
      const dw = numericGradient((b) => dot(naiveConv(x, b, sizes, 3), weights), w);
      const ofVolume = () => weightedGradient((a) => conv(a, filter), volume, dy);
      const ofFilter = () => weightedGradient((b) => conv(volume, b), filter, dy);
      await expectTensorClose(ofVolume(), dx);
      await expectTensorClose(ofFilter(), dw);
      const transpose = () => tf.conv3dTranspose(dy, filter, input, strides, pad);
      await expectTensorClose(transpose(), dx);
      await expectNoLeak(() => tf.tidy(() => void [ofVolume(), ofFilter(), transpose()]));
    });

    it.each(['same', 'valid'] as const)('are pooled as by plain loops: %s', async (pad) => {
      const volume = tf.tensor(x, input) as tf.Tensor5D;
      const sizes = sizesOf(window, strides, pad);
      const max = (a: tf.Tensor) => tf.maxPool3d(a as tf.Tensor5D, window, strides, pad);
      const y = max(volume);
      await expectTensorClose(y, naivePool(x, sizes, 'max'));
      await expectTensorClose(
        tf.avgPool3d(volume, window, strides, pad),
        naivePool(x, sizes, 'avg'),
      );
      const dy = randomTensor(randomKey('dy'), y.shape);
      const weights = await dy.data();
      await expectTensorClose(
        weightedGradient(max, volume, dy),
        numericGradient((a) => dot(naivePool(a, sizes, 'max'), weights), x),
      );
      await expectNoLeak(() => weightedGradient(max, volume, dy).dispose());
    });
  });

  it.each([
    { window: [2, 2, 1], strides: [2, 2, 1], pad: 'valid', wanted: [1, 0, 0, 0] },
    { window: [2, 2, 1], strides: [1, 1, 1], pad: 'same', wanted: [1, 1, 1, 1] },
    { window: [1, 2, 1], strides: [1, 1, 1], pad: 1, wanted: [2, 1, 2, 1] },
  ] as const)('have the first of equal numbers: $window, $pad', async (of) => {
    const ones = tf.ones([1, 2, 2, 1, 1]) as tf.Tensor5D;
    const pool = (a: tf.Tensor) =>
      tf.maxPool3d(a as tf.Tensor5D, [...of.window], [...of.strides], of.pad);
    await expectTensorClose(tf.grad((a) => tf.sum(pool(a)))(ones), [...of.wanted]);
  });

  it.each([
    [2, 1, 1],
    [2, 1, 2],
    [1, 2, 2],
  ] as Triple[])('are convolved by numbers that lie apart: %i, %i, %i', async (...dilations) => {
    const window: Triple = [2, 2, 1];
    const [volume, w] = [
      tf.tensor(x, input) as tf.Tensor5D,
      randomTensor(randomKey('w'), [4, 2, 3]),
    ];
    const filter = tf.reshape(w, [...window, 2, 3]) as tf.Tensor5D;
    const weights = await w.data();
    const wide = window.map((size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1) as Triple;
    /** With zeros between the numbers. */
    const spread = (by: ArrayLike<number>) => {
      const apart = Array<number>(wide.reduce((a, b) => a * b) * 6).fill(0);
      for (let i = 0; i < 2; i++)
        for (let j = 0; j < 2; j++)
          for (let k = 0; k < 6; k++) {
            const tap = i * dilations[0] * wide[1] * wide[2] + j * dilations[1] * wide[2];
            apart[tap * 6 + k] = by[(i * 2 + j) * 6 + k] ?? 0;
          }
      return apart;
    };
    const sizes = sizesOf(wide, [1, 1, 1], 'same');
    const conv = (a: tf.Tensor, b: tf.Tensor) =>
      tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, 1, 'same', 'NDHWC', dilations);
    const y = conv(volume, filter);
    await expectTensorClose(y, naiveConv(x, spread(weights), sizes, 3));
    const dy = randomTensor(randomKey('dy'), y.shape);
    const by = await dy.data();
    await expectTensorClose(
      weightedGradient((b) => conv(volume, b), filter, dy),
      numericGradient((b) => dot(naiveConv(x, spread(b), sizes, 3), by), weights),
    );
    await expectTensorClose(
      weightedGradient((a) => conv(a, filter), volume, dy),
      numericGradient((a) => dot(naiveConv(a, spread(weights), sizes, 3), by), x),
    );
    await expectNoLeak(() => conv(volume, filter).dispose());
  });

  it('are pooled with a number as pads', async () => {
    const [window, strides] = [[3, 2, 2] as Triple, [2, 2, 1] as Triple];
    const sizes = { input, window, strides, before: [1, 1, 1], counts: [2, 3, 6] };
    const volume = tf.tensor(x, input) as tf.Tensor5D;
    for (const how of ['max', 'avg'] as const) {
      const pool = (a: tf.Tensor) =>
        (how === 'max' ? tf.maxPool3d : tf.avgPool3d)(a as tf.Tensor5D, window, strides, 1);
      const y = pool(volume);
      await expectTensorClose(y, naivePool(x, sizes, how));
      const dy = randomTensor(randomKey('dy'), y.shape);
      await expectNoLeak(() => weightedGradient(pool, volume, dy).dispose());
      const weights = await dy.data();
      await expectTensorClose(
        weightedGradient(pool, volume, dy),
        numericGradient((a) => dot(naivePool(a, sizes, how), weights), x),
      );
    }
  });

  it.runIf(backend === 'wasm')('are wrong in stock TensorFlow.js', async () => {
    const a = randomTensor(randomKey('a'), [1, 4, 4, 4, 1]) as tf.Tensor5D;
    const b = randomTensor(randomKey('b'), [1, 2, 1, 1, 2]) as tf.Tensor5D;
    const dy = randomTensor(randomKey('dy'), [1, 2, 2, 2, 2]);
    const conv = (x: tf.Tensor, w: tf.Tensor) =>
      tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 2, 'same');
    for (const [name, work] of [
      ['Conv3D', () => conv(a, b)],
      ['Conv3DBackpropInputV2', () => weightedGradient((x) => conv(x, b), a, dy)],
      ['Conv3DBackpropFilterV2', () => weightedGradient((w) => conv(a, w), b, dy)],
    ] as const) {
      const wrong = withKernel(stock[name] as tf.KernelConfig, work);
      await expect(expectTensorClose(wrong, await work().data())).rejects.toThrow('are off');
    }
  });
});
