// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { describeBackends, expectNoLeak, poisonMemory } from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least, NaN: none } = Number;

// As TensorFlow.js registers it, before any backend is started.
const stockAll = tf.getKernel('All', 'cpu');

type DType = 'float32' | 'int32' | 'bool';

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

/** What each reduction makes of no numbers, by their dtype. */
const reductions: readonly (readonly [
  name: string,
  f: Reduction,
  Partial<Record<DType, number>>,
])[] = [
  ['sum', tf.sum, { float32: 0, int32: 0, bool: 0 }],
  ['mean', tf.mean, { float32: none, int32: none }],
  ['prod', tf.prod, { float32: 1, int32: 1 }],
  ['max', tf.max, { float32: least, int32: -(2 ** 31), bool: 0 }],
  ['min', tf.min, { float32: most, int32: 2 ** 31 - 1, bool: 1 }],
  ['all', tf.all, { bool: 1 }],
  ['any', tf.any, { bool: 0 }],
  ['logSumExp', tf.logSumExp, { float32: least }],
];

const some: readonly (readonly [
  shape: number[],
  axis: number | number[] | undefined,
  count: number,
])[] = [
  [[0], undefined, 1],
  [[2, 0], -1, 2],
  [[0, 3], [0], 3],
  [[2, 0, 2], [0, 1], 2],
  [[2, 0], 0, 0],
];

const images = (shape: number[]) => tf.zeros([0, ...shape]);

/** What comes out of no images. */
const convolutions: Readonly<Record<string, readonly [() => tf.Tensor, shape: number[]]>> = {
  conv1d: [
    () => tf.conv1d(images([4, 3]) as tf.Tensor3D, tf.ones([2, 3, 5]), 1, 'same'),
    [0, 4, 5],
  ],
  conv2d: [
    () => tf.conv2d(images([4, 4, 3]) as tf.Tensor4D, tf.ones([2, 2, 3, 5]), 2, 'valid'),
    [0, 2, 2, 5],
  ],
  'fused.conv2d': [
    () =>
      tf.fused.conv2d({
        ...{ x: images([4, 4, 3]) as tf.Tensor4D, filter: tf.ones([2, 2, 3, 5]) as tf.Tensor4D },
        ...{ strides: 1, pad: 'same', bias: tf.ones([5]), activation: 'relu' },
      }),
    [0, 4, 4, 5],
  ],
  depthwiseConv2d: [
    () => tf.depthwiseConv2d(images([4, 4, 3]) as tf.Tensor4D, tf.ones([2, 2, 3, 5]), 1, 'same'),
    [0, 4, 4, 15],
  ],
  conv3d: [
    () => tf.conv3d(images([4, 4, 4, 3]) as tf.Tensor5D, tf.ones([2, 2, 2, 3, 5]), 1, 'same'),
    [0, 4, 4, 4, 5],
  ],
  maxPool: [() => tf.maxPool(images([4, 4, 3]) as tf.Tensor4D, 2, 2, 'same'), [0, 2, 2, 3]],
  softmax: [() => tf.softmax(tf.zeros([2, 0])), [2, 0]],
  topk: [() => tf.topk(tf.zeros([2, 3]), 0).values, [2, 0]],
};

const places = () => tf.zeros([0, 1], 'int32');

/** Numbers out of none. */
const others: Readonly<Record<string, readonly [() => tf.Tensor, number[]]>> = {
  scatterND: [() => tf.scatterND(places(), tf.zeros([0]), [3]), [0, 0, 0]],
  tensorScatterUpdate: [
    () => tf.tensorScatterUpdate(tf.tensor1d([1, 2]), places(), tf.zeros([0])),
    [1, 2],
  ],
  unsortedSegmentSum: [
    () => tf.unsortedSegmentSum(tf.zeros([0, 1]), tf.zeros([0], 'int32') as tf.Tensor1D, 2),
    [0, 0],
  ],
  bincount: [() => tf.bincount(tf.zeros([0], 'int32') as tf.Tensor1D, tf.zeros([0]), 2), [0, 0]],
  matMul: [() => tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 1])), [0, 0]],
  'fused.matMul': [
    () => tf.fused.matMul({ a: tf.zeros([1, 0]), b: tf.zeros([0, 2]), bias: tf.tensor1d([1, 2]) }),
    [1, 2],
  ],
};

await describeBackends('no numbers', (backend) => {
  beforeAll(() => poisonMemory());

  it.each(reductions)('reduced: %s', async (_, f, of) => {
    for (const [dtype, number] of Object.entries(of) as [DType, number][]) {
      for (const [shape, axis, count] of some) {
        const y = tf.tidy(() => f(tf.zeros(shape, dtype), axis));
        const wanted = Array<number>(count).fill(number);
        expect({ dtype, shape, of: [...(await y.data())] }).toEqual({ dtype, shape, of: wanted });
        y.dispose();
      }
      expect(f(tf.zeros([2, 0, 3], dtype), 1, true).shape).toEqual([2, 1, 3]);
      await expectNoLeak(() => tf.tidy(() => void f(tf.zeros([2, 0], dtype), 1)));
    }
  });

  it.each([
    ['argMax', tf.argMax],
    ['argMin', tf.argMin],
  ] as const)('have no place: %s', (name, f) => {
    expect(() => f(tf.zeros([2, 0]), 1)).toThrow(
      `x of ${name} must have a number along axis 1, and was of shape [2,0]`,
    );
    expect(f(tf.zeros([2, 0]), 0).shape).toEqual([0]);
  });

  it.each(Object.keys(convolutions))('have the shape of some: %s', async (name) => {
    const [work, shape] = convolutions[name] as (typeof convolutions)[string];
    const y = work();
    expect(y.shape).toEqual(shape);
    expect([...(await y.data())]).toEqual([]);
    await expectNoLeak(() => tf.tidy(() => void work()));
  });

  it.each(Object.keys(others))('are read by none: %s', async (name) => {
    const [work, expected] = others[name] as (typeof others)[string];
    expect([...(await work().data())]).toEqual(expected);
    await expectNoLeak(() => tf.tidy(() => void work()));
  });

  it('have gradients of no numbers, and others have zeros of them', async () => {
    for (const [, f, of] of reductions) {
      if (!('float32' in of)) continue;
      const dx = tf.grad((x: tf.Tensor) => tf.sum(f(x, 1)))(tf.zeros([2, 0]));
      expect(dx.shape).toEqual([2, 0]);
    }
    const rows = tf.grad((x: tf.Tensor) => tf.sum(tf.add(x, tf.zeros([0, 2]))))(tf.ones([1, 2]));
    expect([...(await rows.data())]).toEqual([0, 0]);
    const filter = tf.grad((w: tf.Tensor) =>
      tf.sum(tf.conv2d(images([2, 2, 1]) as tf.Tensor4D, w as tf.Tensor4D, 1, 'same')),
    )(tf.ones([1, 1, 1, 2]));
    expect([...(await filter.data())]).toEqual([0, 0]);
  });

  it.runIf(backend === 'cpu')('are not all true to stock TensorFlow.js', async () => {
    const all = withKernel(stockAll, () => tf.all(tf.zeros([0], 'bool')));
    expect([...(await all.data())]).toEqual([0]);
  });
});
