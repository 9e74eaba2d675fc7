import { DTypeError, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  poisonMemory,
  tolerances,
  toTensors,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { geluBackwardNaive, geluNaive } from '../src/gelu/naive.ts';
import { linear, setRows } from '../src/index.ts';
import { linearBackwardNaive, linearNaive } from '../src/linear/naive.ts';
import { sumRows } from '../src/rows.ts';

// Leading dimensions, D, E: one row, odd sizes, D above and below E.
const sizes: readonly (readonly [number[], number, number])[] = [
  [[], 3, 2],
  [[1], 1, 1],
  [[7], 5, 3],
  [[3, 5], 4, 9],
  [[2, 3, 4], 6, 5],
  [[64], 8, 17],
  [[4, 16], 17, 8],
  [[1024], 5, 7],
];

// x, kernel, bias and y, with axes on both sides, and with axes of one.
const severalAxes: readonly (readonly [
  x: number[],
  kernel: number[],
  bias: number[],
  y: number[],
])[] = [
  [
    [2, 7, 3, 4],
    [3, 4, 2, 9],
    [2, 9],
    [2, 7, 2, 9],
  ],
  [[2, 5, 1, 6], [1, 6, 11], [11], [2, 5, 11]],
  [[4, 12], [3, 4, 5], [5], [4, 5]],
];
const sizeOf = (shape: readonly number[]) => shape.reduce((all, size) => all * size, 1);

await describeBackends('linear', (backend) => {
  const tolerance = tolerances[backend];
  for (const [leading, width, units] of sizes) {
    const shape = [...leading, width];
    it(`has the reference's output and gradients for x [${shape}] and ${units} units`, async () => {
      poisonMemory();
      const inputs = {
        x: normalInput(randomKey('x'), shape),
        kernel: normalInput(randomKey('kernel'), [width, units], 1 / Math.sqrt(width)),
        bias: normalInput(randomKey('bias'), [units]),
      };
      const dy = normalInput(randomKey('dy'), [...leading, units]);
      const arrays = { x: inputs.x.data, kernel: inputs.kernel.data, bias: inputs.bias.data };
      await expectLikeReference({
        op: ({ x, kernel, bias }) => linear(x as tf.Tensor, kernel as tf.Tensor, bias),
        inputs,
        dy,
        y: linearNaive(arrays),
        gradients: { ...linearBackwardNaive(arrays, dy.data) },
        tolerance,
      });
    });
  }

  for (const [x, kernel, bias, y] of severalAxes) {
    for (const activation of ['none', 'gelu'] as const) {
      it(`of x [${x}], kernel [${kernel}] and bias [${bias}], ${activation}, with a residual, has the reference's output and gradients`, async () => {
        poisonMemory();
        const width = sizeOf(kernel) / sizeOf(bias);
        const inputs = {
          x: normalInput(randomKey('x'), x),
          kernel: normalInput(randomKey('kernel'), kernel, 1 / Math.sqrt(width)),
          bias: normalInput(randomKey('bias'), bias),
          residual: normalInput(randomKey('residual'), y),
        };
        const dy = normalInput(randomKey('dy'), y);
        const arrays = { x: inputs.x.data, kernel: inputs.kernel.data, bias: inputs.bias.data };
        const product = linearNaive(arrays);
        const activated = activation === 'gelu' ? geluNaive(product) : product;
        const dProduct = activation === 'gelu' ? geluBackwardNaive(product, dy.data) : dy.data;
        await expectLikeReference({
          op: ({ x, kernel, bias, residual }) =>
            linear(x as tf.Tensor, kernel as tf.Tensor, bias, { activation, residual }),
          inputs,
          dy,
          y: activated.map((value, at) => value + (inputs.residual.data[at] ?? 0)),
          gradients: { ...linearBackwardNaive(arrays, dProduct), residual: dy.data },
          tolerance,
        });
      });
    }
  }

  it('gives the same again and again, and another result once a weight was edited in place', async () => {
    const kernel = tf.ones([6, 20]);
    const [x, bias] = [tf.ones([5, 6]), tf.zeros([20])];
    const rows = tf.fill([6, 20], 2);
    for (let turn = 0; turn < 4; turn++) {
      const y = linear(x, kernel, bias);
      await expectTensorClose(y, new Array(100).fill(6));
      y.dispose();
    }
    const indices = tf.range(0, 6, 1, 'int32');
    const edited = setRows(kernel, indices as tf.Tensor1D, rows);
    for (let turn = 0; turn < 3; turn++) {
      const y = linear(x, edited, bias);
      await expectTensorClose(y, new Array(100).fill(12));
      y.dispose();
    }
    tf.dispose([x, bias, kernel, rows, indices, edited]);
  });

  it('adds nothing without a bias, forward and backward', async () => {
    const inputs = {
      x: normalInput(randomKey('x'), [6, 5]),
      kernel: normalInput(randomKey('kernel'), [5, 4]),
    };
    const arrays = { x: inputs.x.data, kernel: inputs.kernel.data, bias: new Float64Array(4) };
    const dy = normalInput(randomKey('dy'), [6, 4]);
    const { x, kernel } = linearBackwardNaive(arrays, dy.data);
    await expectLikeReference({
      op: (tensors) => linear(tensors['x'] as tf.Tensor, tensors['kernel'] as tf.Tensor),
      inputs,
      dy,
      y: linearNaive(arrays),
      gradients: { x, kernel },
      tolerance,
    });
  });

  it('trains variables and sees a weight that was assigned', async () => {
    await expectNoLeak(async () => {
      const [ones, twos, x] = [tf.ones([2, 1]), tf.fill([2, 1], 2), tf.ones([3, 2])];
      const kernel = tf.variable(ones);
      const { value, grads } = tf.variableGrads(() => tf.sum(linear(x, kernel)) as tf.Scalar);
      await expectTensorClose(value, [6]);
      await expectTensorClose(grads[kernel.name] as tf.Tensor, [3, 3]);
      kernel.assign(twos);
      const y = linear(x, kernel);
      await expectTensorClose(y, [4, 4, 4]);
      tf.dispose([ones, twos, x, kernel, value, grads, y]);
    });
  });

  it('leaks nothing when it throws', async () => {
    const { x, kernel } = toTensors({
      x: normalInput(randomKey(1), [2, 3]),
      kernel: normalInput(randomKey(2), [4, 3]),
    }) as { x: tf.Tensor; kernel: tf.Tensor };
    await expect(expectNoLeak(() => linear(x, kernel))).rejects.toThrow(ShapeError);
    tf.dispose([x, kernel]);
  });

  it('sums rows exactly, whatever the number of rows', async () => {
    poisonMemory();
    for (const rows of [1, 2, 31, 32, 33, 64, 96]) {
      // Integers whose sums float32 holds exactly.
      const data = Float32Array.from({ length: rows * 3 }, (_, index) => index % 97);
      const x = tf.tensor2d(data, [rows, 3]);
      const sum = sumRows(x);
      const column = (d: number) =>
        Array.from({ length: rows }, (_, row) => data[row * 3 + d] ?? 0);
      const columns = [0, 1, 2].map(column);
      const sums = columns.map((values) => values.reduce((total, value) => total + value, 0));
      await expectTensorClose(sum, { shape: [3], data: sums }, { rtol: 3e-7, atol: 0 });
      tf.dispose([x, sum]);
    }
  });

  it('shows what is not finite in the sum of its column, and nowhere else', async () => {
    const infinity = Number.POSITIVE_INFINITY;
    for (const rows of [2, 32, 33]) {
      const data = new Float32Array(rows * 5).fill(1);
      data.set([Number.NaN, infinity, -infinity, infinity, 1], 0);
      data.set([1, 1, 1, -infinity, 1], (rows - 1) * 5);
      const x = tf.tensor2d(data, [rows, 5]);
      const sum = sumRows(x);
      const sums = [...(await sum.data())];
      expect(sums.map(Number.isFinite)).toEqual([false, false, false, false, true]);
      expect(sums.slice(1, 3)).toEqual([infinity, -infinity]);
      expect(sums[4]).toBeCloseTo(rows, 4);
      tf.dispose([x, sum]);
    }
  });
});

describe('the arguments of linear', () => {
  const x = () => tf.zeros([4, 3]);

  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      expect(() => linear(tf.zeros([4, 2]), tf.zeros([3, 5]))).toThrow(
        new ShapeError('kernel was [3, 5]; it must be [2, E]'),
      );
      expect(() => linear(x(), tf.zeros([3, 5]), tf.zeros([4]))).toThrow(
        new ShapeError('bias was [4]; it must be [5]'),
      );
      expect(() => linear(x(), tf.zeros([3, 5, 1]))).toThrow('kernel was [3, 5, 1]');
      expect(() => linear(x(), tf.zeros([3, 5]), tf.zeros([5]), { residual: x() })).toThrow(
        new ShapeError('residual was [4, 3]; it must be [4, 5]'),
      );
      expect(() =>
        linear(x(), tf.zeros([3, 5]), tf.zeros([5]), { activation: 'relu' as 'gelu' }),
      ).toThrow(new RangeError('activation was "relu"; it must be "none" or "gelu"'));
      expect(() => linear(tf.scalar(1), tf.zeros([1, 1]))).toThrow('x was []; it must be [..., D]');
      expect(() => linear(tf.zeros([0, 3]), tf.zeros([3, 5]))).toThrow(
        'x was [0, 3]; it must be [..., D] and not be empty',
      );
      expect(() => linear(tf.zeros([4, 3], 'int32'), tf.zeros([3, 5]))).toThrow(
        new DTypeError('x was int32; it must be float32'),
      );
    });
  });
});
