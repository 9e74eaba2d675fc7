// In a process of its own: it takes kernels as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, expectTensorClose, poisonMemory } from '../../src/testing/index.ts';

await describeBackends('programs', (backend) => {
  // More than a dispatch has groups, and no multiple of its rectangle.
  it.each([65_537, 70_001])(
    'of a softmax of %d rows leave its last number alone',
    async (count) => {
      poisonMemory();
      const values = Float32Array.from({ length: 3 * count }, (_, i) => (i * 7) % 5);
      const x = tf.tensor2d(values, [count, 3]);
      const y = tf.softmax(x);
      const data = (await y.data()) as Float32Array;
      const sums = Array.from({ length: count }, (_, row) =>
        data.subarray(3 * row, 3 * row + 3).reduce((sum, value) => sum + value, 0),
      );
      expect(sums.filter((sum) => Math.abs(sum - 1) > 1e-5)).toEqual([]);
      tf.dispose([x, y]);
    },
  );

  it('of a softmax are NaN in a row with a NaN', async () => {
    const x = tf.tensor2d([Number.NaN, 1, 2, 0, Number.NaN, 0, 1, 1, 1], [3, 3]);
    const y = Array.from(await tf.softmax(x).data());
    expect(y.slice(0, 6)).toEqual(Array<number>(6).fill(Number.NaN));
    expect(y[8]).toBeCloseTo(1 / 3, 6);
  });

  it('of the place of the largest number give no vector', async () => {
    for (const [op, place] of [
      [tf.argMax, 2],
      [tf.argMin, 0],
    ] as const) {
      expect(op([1, 2, 3]).shape).toEqual([]);
      expect([...(await op([1, 2, 3]).data())]).toEqual([place]);
      expect(op([[1, 2, 3]], 1).shape).toEqual([1]);
    }
  });

  it('of one number are the first', async () => {
    await expectTensorClose(tf.linspace(3, 9, 1), [3]);
    await expectTensorClose(tf.linspace(3, 9, 3), [3, 6, 9]);
  });

  it.each([
    [2, 1, 2, 2, 3],
    [1, 2, 1, 2, 2, 3],
  ])('of a vector and a tensor of five or six axes: %i, %i, …', async (...shape) => {
    const values = Array.from({ length: 24 }, (_, i) => i - 11);
    const x = tf.tensor(values, shape);
    const vector = tf.tensor1d([0.5, 1, 2]);
    const of = (f: (a: number, b: number) => number) =>
      values.map((value, i) => f(value, [0.5, 1, 2][i % 3] ?? 0));
    await expectTensorClose(
      tf.add(x, vector),
      of((a, b) => a + b),
    );
    await expectTensorClose(
      tf.sub(vector, x),
      of((a, b) => b - a),
    );
    await expectTensorClose(
      tf.prelu(x, vector),
      of((a, b) => (a < 0 ? a * b : a)),
    );
    const sums = values.map((value, i) => value + (i % 6 < 3 ? 0 : (values[i - 3] ?? 0)));
    await expectTensorClose(tf.cumsum(x, shape.length - 2), sums);
  });

  it('of infinity have a slope', async () => {
    const infinity = Number.POSITIVE_INFINITY;
    const x = tf.tensor1d([infinity, -infinity, -2, 3]);
    await expectTensorClose(tf.prelu(x, tf.fill([4], 0.5)), [infinity, -infinity, -1, 3]);
  });

  it('of quotients of floats are floats', async () => {
    const y = tf.floorDiv(tf.tensor1d([7.5, -7.5, 1e12]), tf.scalar(2));
    expect(y.dtype).toBe('float32');
    await expectTensorClose(y, [3, -4, 5e11]);
  });

  // Stock has no complex numbers on wasm.
  it.runIf(backend !== 'wasm')('of long spectra keep their digits', async () => {
    const length = 600;
    const values = Array.from({ length }, (_, i) => ((i * 7919) % 101) / 50 - 1);
    const z = tf.complex(tf.tensor1d(values), tf.zeros([length]));
    const expected = values.map((_, k) =>
      values.reduce((sum, value, i) => sum + value * Math.cos((2 * Math.PI * k * i) / length), 0),
    );
    const y = await tf.real(tf.fft(z)).data();
    const errors = expected.map((value, k) => Math.abs(value - (y[k] ?? 0)));
    expect(Math.max(...errors)).toBeLessThan(5e-6 * Math.max(...expected.map(Math.abs)));
  });
});
