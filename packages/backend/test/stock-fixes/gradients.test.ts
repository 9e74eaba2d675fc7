// In a process of its own: it takes gradients as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { remat } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { withStockGradient } from './stock.ts';

type F = (x: tf.Tensor) => tf.Tensor;

interface Case {
  readonly kernel: string;
  readonly f: F;
  readonly x: () => tf.Tensor;
  /** Of the sum of what f gives. */
  readonly gradient: number[];
  /** What stock TensorFlow.js says, or gives. */
  readonly stock: RegExp | number[];
}

const images = (height: number, width: number) => () =>
  tf.reshape(tf.range(1, height * width + 1), [1, height, width, 1]);

const cases: Readonly<Record<string, Case>> = {
  'the variance as people write it': {
    kernel: 'SquaredDifference',
    f: (x) => tf.squaredDifference(x, tf.mean(x, -1, true)),
    x: () => tf.tensor2d([1, 2, 3, 7], [2, 2]),
    // 2 (x - mean); what goes through the mean cancels.
    gradient: [-1, 1, -4, 4],
    stock: /does not match the shape/,
  },
  'maximum with a scalar': {
    kernel: 'Maximum',
    f: (m) => tf.maximum(tf.tensor1d([1, 2, 3]), m),
    x: () => tf.scalar(2.5),
    gradient: [2],
    stock: /does not match the shape/,
  },
  'abs at 0': {
    kernel: 'Abs',
    f: tf.abs,
    x: () => tf.tensor1d([-2, 0, 3]),
    gradient: [-1, 0, 1],
    stock: [-1, -1, 1],
  },
  'max of equal numbers': {
    kernel: 'Max',
    f: (x) => tf.max(x, -1),
    x: () => tf.tensor2d([1, 3, 3, 2, 2, 2], [2, 3]),
    gradient: [0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3],
    stock: [0, 1, 1, 1, 1, 1],
  },
  'prod along an axis counted from the end': {
    kernel: 'Prod',
    f: (x) => tf.prod(x, -1),
    x: () => tf.tensor2d([1, 2, 3, 0, 5, 6], [2, 3]),
    gradient: [6, 3, 2, 30, 0, 0],
    stock: /rank of input/,
  },
  cumprod: {
    kernel: 'Cumprod',
    f: (x) => tf.cumprod(x, 1),
    x: () => tf.tensor2d([2, 3, 4, 2, 0, 5], [2, 3]),
    // 1 + 3 + 12, 2 + 8, 6; and 1 + 0 + 0, 2 + 10, 0.
    gradient: [16, 10, 6, 1, 12, 0],
    stock: /not found for Cumprod/,
  },
  mirrorPad: {
    kernel: 'MirrorPad',
    f: (x) =>
      tf.mirrorPad(
        x as tf.Tensor2D,
        [
          [1, 1],
          [1, 1],
        ],
        'reflect',
      ),
    x: () => tf.tensor2d([1, 2, 3, 4], [2, 2]),
    gradient: [4, 4, 4, 4],
    stock: [1, 1, 1, 1],
  },
  stridedSlice: {
    kernel: 'StridedSlice',
    f: (x) => tf.square(tf.stridedSlice(x, [3], [0], [-2])),
    x: () => tf.tensor1d([1, 2, 3, 4]),
    gradient: [0, 4, 0, 8],
    stock: /not found for StridedSlice/,
  },
  scatterND: {
    kernel: 'ScatterNd',
    f: (x) => tf.square(tf.scatterND(tf.tensor2d([[2], [0], [2]], [3, 1], 'int32'), x, [3])),
    x: () => tf.tensor1d([1, 2, 3]),
    gradient: [8, 4, 8],
    stock: /not found for ScatterNd/,
  },
  'resizeBilinear with half-pixel centres': {
    kernel: 'ResizeBilinear',
    f: (x) =>
      tf.mul(
        tf.image.resizeBilinear(x as tf.Tensor4D, [3, 1], false, true),
        tf.tensor4d([1, 2, 3], [1, 3, 1, 1]),
      ),
    x: images(2, 1),
    // Rows at -1/6 (the first), 1/2 and 7/6 (the second).
    gradient: [1 + 1, 1 + 3],
    stock: [5 / 3, 13 / 3],
  },
  'resizeNearestNeighbor with half-pixel centres': {
    kernel: 'ResizeNearestNeighbor',
    f: (x) =>
      tf.mul(
        tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [2, 1], false, true),
        tf.tensor4d([1, 2], [1, 2, 1, 1]),
      ),
    x: images(3, 1),
    // Rows 0.75 and 2.25.
    gradient: [1, 0, 2],
    stock: [1, 2, 0],
  },
  'a convolution with dilations': {
    kernel: 'Conv2D',
    f: (x) =>
      tf.conv2d(x as tf.Tensor4D, tf.tensor4d([1, 2], [2, 1, 1, 1]), 1, 'valid', 'NHWC', [2, 1]),
    x: images(4, 1),
    gradient: [1, 1, 2, 2],
    stock: /dilation rates greater than 1/,
  },
  'unstack into one': {
    kernel: 'Unpack',
    f: (x) => tf.square(tf.unstack(x)[0] as tf.Tensor),
    x: () => tf.tensor2d([1, 2], [1, 2]),
    gradient: [2, 4],
    stock: /must be a `Tensor\[\]`/,
  },
};

await describeBackends('gradients of stock operations', (backend) => {
  beforeAll(() => poisonMemory());

  it.each(Object.entries(cases))('%s', async (_name, { kernel, f, x: make, gradient, stock }) => {
    const x = make();
    const slope = () => tf.tidy(() => tf.grad((y: tf.Tensor) => tf.sum(f(y)))(x));
    if (stock instanceof RegExp) {
      expect(() => withStockGradient(kernel, slope)).toThrow(stock);
    } else if (!(backend === 'cpu' && kernel.startsWith('Resize'))) {
      // On cpu that of resizeNearestNeighbor may never end.
      await expectTensorClose(withStockGradient(kernel, slope), stock);
    }
    await expectTensorClose(slope(), { shape: x.shape, data: gradient });
    await expectNoLeak(() => slope().dispose());
  });

  it('divNoNan: zeros where the divisor is', async () => {
    const inputs = [tf.tensor1d([-1, 2, 3]), tf.tensor1d([0, 2, 0])];
    const quotient = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.divNoNan(a, b));
    const [da, db] = tf.tidy(() => tf.grads(quotient)(inputs)) as [tf.Tensor, tf.Tensor];
    await expectTensorClose(da, [0, 0.5, 0]);
    await expectTensorClose(db, [0, -0.5, 0]);
    tf.dispose([inputs, da, db]);
  });

  it('avgPool: over the numbers that a window holds', async () => {
    const x = tf.ones([1, 3, 3, 1]) as tf.Tensor4D;
    const slope = () =>
      tf.tidy(() => tf.grad((y) => tf.sum(tf.avgPool(y as tf.Tensor4D, 2, 2, 'same')))(x));
    // Windows of 4, 2, 2 and 1 numbers.
    await expectTensorClose(slope(), {
      shape: [1, 3, 3, 1],
      data: [0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 1],
    });
    await expectNoLeak(() => slope().dispose());
  });
});

const second = (f: F): F => tf.grad((x) => tf.sum(tf.grad((y: tf.Tensor) => tf.sum(f(y)))(x)));
const sech2 = (x: number) => 1 / Math.cosh(x) ** 2;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const xs = [0.3, -1.2];

/** Functions times x, and their second derivatives: 2 f' + x f''. */
const seconds: Readonly<Record<string, readonly [f: F, exact: (x: number) => number]>> = {
  tanh: [tf.tanh, (x) => 2 * sech2(x) - 2 * x * Math.tanh(x) * sech2(x)],
  sigmoid: [
    tf.sigmoid,
    (x) => {
      const slope = sigmoid(x) * (1 - sigmoid(x));
      return 2 * slope + x * slope * (1 - 2 * sigmoid(x));
    },
  ],
  exp: [tf.exp, (x) => (2 + x) * Math.exp(x)],
  sqrt: [(x) => tf.sqrt(tf.add(x, 2)), (x) => (x + 2) ** -0.5 - (x / 4) * (x + 2) ** -1.5],
};

await describeBackends('second gradients', () => {
  beforeAll(() => poisonMemory());

  describe.each(Object.entries(seconds))('of x times %s', (_name, [f, exact]) => {
    const product: F = (x) => tf.mul(x, f(x));

    it.each([
      ['plainly', product],
      ['inside of remat', remat(product)],
    ] as const)('%s', async (_where, g) => {
      const x = tf.tensor1d(xs);
      await expectTensorClose(second(g)(x), xs.map(exact));
      await expectNoLeak(() => tf.tidy(() => second(g)(x)).dispose());
    });
  });
});
