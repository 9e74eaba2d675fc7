// In a process of its own: it takes kernels as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  numericGradient,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { dot, withKernel, withoutWasmKernel, withStockGradient } from './stock.ts';

const sizes: Readonly<Record<string, number>> = { b: 2, h: 3, i: 4, j: 5, k: 3, d: 2 };

const shapeOf = (labels: string) => [...labels].map((label) => sizes[label] ?? 1);

/** Sums the product of all operands over every value of every label. */
function naiveEinsum(equation: string, operands: readonly ArrayLike<number>[]): Float64Array {
  const [left = '', output = ''] = equation.split('->');
  const terms = left.split(',');
  const labels = [...new Set(left.replace(',', ''))];
  const y = new Float64Array(shapeOf(output).reduce((product, length) => product * length, 1));
  const visit = (at: Readonly<Record<string, number>>, rest: readonly string[]): void => {
    const [label, ...others] = rest;
    if (label !== undefined) {
      for (let value = 0; value < (sizes[label] ?? 1); value++)
        visit({ ...at, [label]: value }, others);
      return;
    }
    const place = (term: string) =>
      [...term].reduce((sum, axis) => sum * (sizes[axis] ?? 1) + (at[axis] ?? 0), 0);
    const product = terms.reduce((value, term, n) => value * (operands[n]?.[place(term)] ?? 0), 1);
    y[place(output)] = (y[place(output)] ?? 0) + product;
  };
  visit({}, labels);
  return y;
}

await describeBackends('einsum', (backend) => {
  beforeAll(() => poisonMemory());

  it('has no gradient in stock TensorFlow.js', async () => {
    const [a, b] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
    const gradients = () =>
      tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.einsum('i,i->', x, y) as tf.Tensor)([a, b]);
    expect(() => withStockGradient('Einsum', gradients)).toThrow('not found for Einsum');
    const [da, db] = gradients() as [tf.Tensor, tf.Tensor];
    await expectTensorClose(da, [3, 4]);
    await expectTensorClose(db, [1, 2]);
  });

  if (backend === 'wasm') {
    it('has no kernel in stock TensorFlow.js', () => {
      const work = () => tf.einsum('ij,jk->ik', tf.ones([2, 3]), tf.ones([3, 4])) as tf.Tensor;
      expect(() => withoutWasmKernel('Einsum', work)).toThrow(/'Einsum'.*'wasm'/);
      expect(work().shape).toEqual([2, 4]);
    });
  }

  if (backend === 'cpu' || backend === 'webgpu') {
    // No backend has been used so far.
    const stock = tf.getKernel('Einsum', backend);

    it('has the wrong shape in stock TensorFlow.js where a label is summed alone beside others', () => {
      const work = () => tf.einsum('bij,k->kb', tf.ones([2, 4, 5]), tf.ones([3])) as tf.Tensor;
      expect(withKernel(stock, work).shape).not.toEqual([3, 2]);
      expect(work().shape).toEqual([3, 2]);
    });

    it('is the operand itself in stock TensorFlow.js where nothing is to be done', async () => {
      const x = tf.tensor1d([1, 2]);
      const work = () => tf.einsum('i->i', x) as tf.Tensor;
      // Disposing either frees the other.
      expect(withKernel(stock, work).dataId).toBe(x.dataId);
      expect(tf.backend().refCount(x.dataId)).toBe(1);
      const y = work();
      y.dispose();
      await expectTensorClose(x, [1, 2]);
    });
  }

  it('takes integers', async () => {
    const a = tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32');
    const b = tf.tensor1d([5, 6], 'int32');
    const y = tf.einsum('ij,j->i', a, b);
    expect(y.dtype).toBe('int32');
    await expectTensorClose(y, [17, 39]);
  });

  // webgpu computes integers as float32.
  it.skipIf(backend === 'webgpu')('is exact in integers that float32 cannot hold', async () => {
    const vector = (...values: number[]) => tf.tensor1d(values, 'int32');
    const expectExact = async (
      equation: string,
      operands: tf.Tensor[],
      shape: number[],
      values: number[],
    ) => {
      const y = tf.einsum(equation, ...operands) as tf.Tensor;
      expect(y).toMatchObject({ dtype: 'int32', shape });
      expect([...(await y.data())]).toEqual(values);
    };
    const row = tf.tensor2d([16_777_217, 2], [1, 2], 'int32');
    await expectExact('i,i->', [vector(16_777_217, 2), vector(1, 0)], [], [16_777_217]);
    await expectExact(
      'i,j->ji',
      [vector(16_777_217, 2), vector(1, 3)],
      [2, 2],
      [16_777_217, 2, 50_331_651, 6],
    );
    await expectExact('ij,k->ki', [row, vector(1, 2)], [2, 1], [16_777_219, 33_554_438]);
    await expectExact(
      'ij,kj->ik',
      [row, tf.tensor2d([1, 0, 0, 1], [2, 2], 'int32')],
      [1, 2],
      [16_777_217, 2],
    );
    await expectExact('ij->i', [row], [1], [16_777_219]);
    const a = vector(16_777_217, 2);
    await expectNoLeak(() => (tf.einsum('i,i->', a, a) as tf.Tensor).dispose());
  });

  if (backend === 'cpu' || backend === 'webgpu') {
    it('takes complex numbers', async () => {
      const c = tf.complex(
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      );
      const x = tf.tensor2d([
        [1, 0],
        [2, 1],
      ]);
      // By NumPy 2.4.
      const products: [string, tf.Tensor[], number[][]][] = [
        [
          'ij,jk->ik',
          [c, c],
          [
            [-60, 42],
            [-68, 56],
            [-76, 74],
            [-84, 96],
          ],
        ],
        [
          'ij->ji',
          [c],
          [
            [1, 5],
            [3, 7],
            [2, 6],
            [4, 8],
          ],
        ],
        ['ij->', [c], [[10, 26]]],
        [
          'ij,jk->ik',
          [x, c],
          [
            [1, 5],
            [2, 6],
            [5, 17],
            [8, 20],
          ],
        ],
        [
          'ij,ij->i',
          [c, x],
          [
            [1, 5],
            [10, 22],
          ],
        ],
      ];
      for (const [equation, operands, expected] of products) {
        const y = tf.einsum(equation, ...operands);
        expect(y.dtype).toBe('complex64');
        await expectTensorClose(
          tf.real(y),
          expected.map(([real]) => real as number),
        );
        await expectTensorClose(
          tf.imag(y),
          expected.map(([, imag]) => imag as number),
        );
        await expectNoLeak(() => tf.dispose(tf.einsum(equation, ...operands)));
      }
    });
  }

  it('refuses what does not fit together', () => {
    expect(() => tf.einsum('ij,jk->ik', tf.ones([2, 3]), tf.ones([4, 2]))).toThrow();
  });

  describe.each([
    ...['ij,jk->ik', 'ij,kj->ki', 'bij,bjk->bik', 'bhid,bhjd->bhij', 'bhij,bjhd->bihd'],
    ...['i,j->ij', 'i,j->ji', 'i,i->', 'ij,ij->', 'ij,ij->j', 'ij,j->ij', 'ij,j->i', 'ij,ki->'],
    ...['ij->ji', 'bij->jb', 'ij->', 'i->i', 'ij->i', 'bhi,hi->b', 'bij,k->kb', 'ij,->ji'],
  ])('%s', (equation) => {
    it('and its gradient are those of plain loops', async () => {
      const [left = '', output = ''] = equation.split('->');
      const operands = left
        .split(',')
        .map((term, index) => randomTensor(randomKey(6, equation, index), shapeOf(term)));
      const values = await Promise.all(operands.map((operand) => operand.data()));
      const f = (...xs: tf.Tensor[]) => tf.einsum(equation, ...xs) as tf.Tensor;
      const y = naiveEinsum(equation, values);
      await expectTensorClose(f(...operands), { shape: shapeOf(output), data: y });
      const dy = randomTensor(randomKey(6, 'dy'), shapeOf(output));
      const w = await dy.data();
      const gradients = tf.grads(f)(operands, dy);
      for (const [index, gradient] of gradients.entries()) {
        const expected = numericGradient(
          (x) =>
            dot(
              naiveEinsum(
                equation,
                values.map((v, n) => (n === index ? x : v)),
              ),
              w,
            ),
          values[index] ?? [],
        );
        await expectTensorClose(gradient, { shape: operands[index]?.shape ?? [], data: expected });
      }
      await expectNoLeak(() => f(...operands).dispose());
      await expectNoLeak(() => tf.dispose(tf.grads(f)(operands, dy)));
    });
  });
});
