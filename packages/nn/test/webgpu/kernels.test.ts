import { randomInt, randomKey, randomNormal, setKernelMode } from '@neverend/backend';
import { asWebgpu, columnSums } from '@neverend/backend/kernels';
import { describeBackends, expectTensorClose, poisonMemory } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { geluErfNaive } from '../../src/gelu/naive.ts';
import { gelu, scatterAddRows } from '../../src/index.ts';
import { opCases } from '../op-cases.ts';

// Whatever the environment asks for: this is about the kernels in WGSL.
beforeEach(() => setKernelMode('native'));
afterEach(() => setKernelMode(undefined));

await describeBackends('the kernels', () => {
  for (const { name, check } of opCases) {
    it(`${name}: output and gradients are the reference's, composites forbidden`, async () => {
      poisonMemory();
      await check();
    });
  }

  it('for GELU by erf is off by no more than float32 is for a number of its size', async () => {
    const numbers = Float32Array.from({ length: 26_001 }, (_, index) => index / 1000 - 13);
    const x = tf.tensor1d(numbers);
    const y = gelu(x, { form: 'erf' });
    const expected = geluErfNaive(Float64Array.from(numbers));
    const got = await y.data();
    const far = expected.map((value, at) => Math.abs(value - (got[at] ?? Number.NaN)));
    const largest = far.reduce(
      (max, difference, at) => Math.max(max, difference / Math.abs(numbers[at] || 1)),
      0,
    );
    expect(largest).toBeLessThan(3e-7);
    // The tail keeps its digits: 1 + erf would have lost all of them.
    const inTail = far
      .map((difference, at) => difference / Math.abs(expected[at] || 1))
      .filter((_, at) => (numbers[at] ?? 0) > -5);
    expect(Math.max(...inTail)).toBeLessThan(1e-5);
    tf.dispose([x, y]);
  });

  it('for scatterAddRows adds in the order of k, to the last bit, in place', async () => {
    const [rows, width, count] = [37, 3, 5000];
    const numbers = Int32Array.from(randomInt(randomKey('row'), count, rows));
    const added = Float32Array.from(randomNormal(randomKey('added'), count * width));
    const expected = new Float32Array(rows * width).fill(1e3);
    numbers.forEach((row, k) => {
      for (let d = 0; d < width; d++) {
        expected[row * width + d] = (expected[row * width + d] ?? 0) + (added[k * width + d] ?? 0);
      }
    });
    const start = tf.fill([rows, width], 1e3);
    const table = tf.variable(start);
    const before = table.dataId;
    const [indices, values] = [tf.tensor1d(numbers), tf.tensor2d(added, [count, width])];
    scatterAddRows(table, indices, values);
    expect(table.dataId).toBe(before);
    expect(Array.from(await table.data())).toEqual(Array.from(expected));
    tf.dispose([start, indices, values]);
    table.dispose();
  });

  it('leave rows that are the table itself to the composite', async () => {
    setKernelMode('auto');
    const start = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const table = tf.variable(start);
    const indices = tf.tensor1d([1, 0], 'int32');
    scatterAddRows(table, indices, table);
    await expectTensorClose(table, [4, 6, 4, 6]);
    tf.dispose([start, indices]);
    table.dispose();
  });

  it('sum columns of any shape, twice to the same bit', async () => {
    for (const [rows, width] of [
      [0, 3],
      [1, 1],
      [3, 5],
      [129, 66],
      [5000, 1],
      [70_001, 3],
      [40, 1000],
    ] as const) {
      poisonMemory();
      const numbers = Float32Array.from(randomNormal(randomKey(rows, width), rows * width));
      const x = tf.tensor2d(numbers, [rows, width]);
      const expected = new Float64Array(width);
      numbers.forEach((value, at) => {
        expected[at % width] = (expected[at % width] ?? 0) + value;
      });
      const sum = (): tf.Tensor[] =>
        columnSums(
          asWebgpu(tf.backend() as tf.KernelBackend),
          { key: 'test', buffers: { x: 'read f32' }, terms: ['x[at]', '2.0 * x[at]'] },
          { x },
          { rows, width },
        ).map((info) => tf.engine().makeTensorFromTensorInfo(info));
      const [first, second] = [sum(), sum()];
      const tolerance = { rtol: 1e-5, atol: (1e-4 * Math.sqrt(rows + 1)) / 10 };
      await expectTensorClose(first[0] as tf.Tensor, { shape: [width], data: expected }, tolerance);
      await expectTensorClose(
        first[1] as tf.Tensor,
        { shape: [width], data: expected.map((value) => 2 * value) },
        { rtol: 1e-5, atol: 2 * tolerance.atol },
      );
      expect(await (second[0] as tf.Tensor).data()).toEqual(await (first[0] as tf.Tensor).data());
      tf.dispose([x, first, second]);
    }
  });
}, ['webgpu']);
