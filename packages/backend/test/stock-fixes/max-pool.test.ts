// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey, randomPermutation } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { weightedGradient, withKernel } from './stock.ts';

const least = Number.NEGATIVE_INFINITY;

// As TensorFlow.js registers them, before any backend is started.
const stock = Object.fromEntries(
  [
    ...['MaxPool', 'MaxPoolGrad', 'MaxPool3D', 'MaxPool3DGrad', 'MaxPoolWithArgmax'],
    ...['Dilation2D', 'Dilation2DBackpropInput', 'Dilation2DBackpropFilter'],
  ].map((name) => [name, tf.getKernel(name, 'wasm')]),
);

/** Windows over `[depth, height, width]` of one channel: of each output the place of its largest number. */
function naivePlaces(
  x: ArrayLike<number>,
  input: readonly number[],
  filter: readonly number[],
  strides: readonly number[],
  pad: 'valid' | 'same',
): number[] {
  const axes = input.map((length, axis) => {
    const [size = 1, stride = 1] = [filter[axis], strides[axis]];
    const count = Math.ceil((pad === 'same' ? length : length - size + 1) / stride);
    const padding = Math.max(0, (count - 1) * stride + size - length);
    const before = pad === 'same' ? Math.floor(padding / 2) : 0;
    return Array.from({ length: count }, (_, at) =>
      Array.from({ length: size }, (_, k) => at * stride - before + k).filter(
        (place) => place >= 0 && place < length,
      ),
    );
  });
  const [depths = [], rows = [], columns = []] = axes;
  return depths.flatMap((depth) =>
    rows.flatMap((row) =>
      columns.map((column) => {
        const places = depth.flatMap((d) =>
          row.flatMap((r) => column.map((c) => (d * (input[1] ?? 1) + r) * (input[2] ?? 1) + c)),
        );
        return places.reduce((best, at) => ((x[at] ?? 0) > (x[best] ?? 0) ? at : best));
      }),
    ),
  );
}

await describeBackends('the largest of a window', (backend) => {
  beforeAll(() => poisonMemory());

  const image = () => tf.tensor4d([-4, -3, -2, -1], [1, 2, 2, 1]);
  const volume = () => tf.tensor5d([-8, -7, -6, -5, -4, -3, -2, -1], [1, 2, 2, 2, 1]);
  const dilate = (x: tf.Tensor, filter: tf.Tensor) =>
    tf.dilation2d(x as tf.Tensor4D, filter as tf.Tensor3D, 1, 'valid');
  const one = () => tf.ones([1, 1, 1, 1]);

  it.each([
    {
      kernel: 'MaxPoolGrad',
      work: () =>
        weightedGradient((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'), image(), one()),
      expected: [0, 0, 0, 1],
    },
    { kernel: 'MaxPool3D', work: () => tf.maxPool3d(volume(), 2, 2, 'valid'), expected: [-1] },
    {
      kernel: 'MaxPool3DGrad',
      work: () =>
        weightedGradient(
          (x) => tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'valid'),
          volume(),
          tf.ones([1, 1, 1, 1, 1]),
        ),
      expected: [0, 0, 0, 0, 0, 0, 0, 1],
    },
    {
      kernel: 'MaxPoolWithArgmax',
      work: () => tf.maxPoolWithArgmax(image(), 2, 2, 'valid')['indexes'] as tf.Tensor,
      expected: [3],
    },
    { kernel: 'Dilation2D', work: () => dilate(image(), tf.zeros([2, 2, 1])), expected: [-1] },
    {
      kernel: 'Dilation2DBackpropInput',
      work: () => weightedGradient((x) => dilate(x, tf.zeros([2, 2, 1])), image(), one()),
      expected: [0, 0, 0, 1],
    },
    {
      kernel: 'Dilation2DBackpropFilter',
      work: () => weightedGradient((filter) => dilate(image(), filter), tf.zeros([2, 2, 1]), one()),
      expected: [0, 0, 0, 1],
    },
  ])('may be below zero: $kernel', async ({ kernel, work, expected }) => {
    if (tf.getKernel(kernel, backend) === undefined) return;
    if (backend === 'wasm') {
      const wrong = await withKernel(stock[kernel] as tf.KernelConfig, work).data();
      expect([...wrong]).not.toEqual(expected);
    }
    await expectTensorClose(work(), expected);
  });

  describe.each([
    { input: [1, 7, 6], filter: [1, 3, 2], strides: [1, 2, 1] },
    { input: [1, 5, 5], filter: [1, 2, 2], strides: [1, 2, 2] },
    { input: [1, 4, 9], filter: [1, 4, 3], strides: [1, 1, 3] },
    { input: [4, 5, 6], filter: [2, 3, 4], strides: [2, 1, 2] },
    { input: [3, 3, 3], filter: [3, 3, 3], strides: [1, 1, 1] },
  ])('of $filter by $strides over $input', ({ input, filter, strides }) => {
    it.each(['valid', 'same'] as const)(
      'is that of plain loops, and has their gradient: %s',
      async (pad) => {
        const size = input.reduce((product, length) => product * length, 1);
        // Below, at and above zero, none twice.
        const values = Float32Array.from(
          randomPermutation(randomKey('x'), size),
          (n) => n - size / 2,
        );
        const places = naivePlaces(values, input, filter, strides, pad);
        const flat = input[0] === 1;
        const cut = (list: readonly number[]) => (flat ? list.slice(1) : list) as [number, number];
        const x = tf.tensor(values, [1, ...cut(input), 1]);
        const f = (y: tf.Tensor): tf.Tensor =>
          flat
            ? tf.maxPool(y as tf.Tensor4D, cut(filter), cut(strides), pad)
            : tf.maxPool3d(y as tf.Tensor5D, cut(filter) as never, cut(strides) as never, pad);
        const y = f(x);
        await expectTensorClose(
          y,
          places.map((place) => values[place] ?? 0),
        );
        const weights = randomTensor(randomKey('weights'), y.shape);
        const expected = new Float64Array(size);
        for (const [index, weight] of (await weights.data()).entries()) {
          const place = places[index] ?? 0;
          expected[place] = (expected[place] ?? 0) + weight;
        }
        const work = () => weightedGradient(f, x, weights);
        await expectTensorClose(work(), expected);
        await expectNoLeak(() => work().dispose());
        if (!flat || tf.getKernel('MaxPoolWithArgmax', backend) === undefined) return;
        const both = tf.maxPoolWithArgmax(x as tf.Tensor4D, cut(filter), cut(strides), pad);
        await expectTensorClose(both['indexes'] as tf.Tensor, places);
        await expectTensorClose(both['result'] as tf.Tensor, await y.data());
      },
    );
  });

  it('is the first of several', async () => {
    const ties = tf.tensor4d([1, 1, 2, 1, 1, 2], [1, 2, 3, 1]);
    const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid');
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(pool(x)))(ties);
    await expectTensorClose(gradient, [1, 0, 0, 0, 0, 0]);
    const { indexes } = tf.maxPoolWithArgmax(ties, 2, 1, 'valid', false);
    await expectTensorClose(indexes as tf.Tensor, [0, 2]);
  });

  // TensorFlow has the largest of the other numbers, and no less than it has finite ones.
  if (backend !== 'tensorflow') {
    it('is -Infinity where there is nothing else', async () => {
      const x = tf.fill([1, 2, 2, 1], least) as tf.Tensor4D;
      expect([...(await tf.maxPool(x, 2, 1, 'same').data())]).toEqual([least, least, least, least]);
      const volume = tf.reshape(x, [1, 1, 2, 2, 1]) as tf.Tensor5D;
      expect([...(await tf.maxPool3d(volume, [1, 2, 2], 1, 'valid').data())]).toEqual([least]);
    });

    it('is a NaN where there is one, which has the gradient', async () => {
      for (const numbers of [
        [3, Number.NaN, 2, 1],
        [least, Number.NaN, Number.NaN, Number.POSITIVE_INFINITY],
      ]) {
        const x = tf.tensor4d(numbers, [1, 2, 2, 1]);
        const pool = (y: tf.Tensor) => tf.maxPool(y as tf.Tensor4D, 2, 2, 'valid');
        await expectTensorClose(weightedGradient(pool, x, one()), [0, 1, 0, 0]);
        expect((await pool(x).data())[0]).toBeNaN();
        const volume = tf.reshape(x, [1, 1, 2, 2, 1]) as tf.Tensor5D;
        expect((await tf.maxPool3d(volume, [1, 2, 2], 1, 'valid').data())[0]).toBeNaN();
        await expectNoLeak(() => tf.tidy(() => void pool(x)));
      }
    });
  }
});
