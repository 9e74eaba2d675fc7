import {
  DTypeError,
  kernelMode,
  randomInt,
  randomKey,
  randomPermutation,
  ShapeError,
} from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  poisonMemory,
  tolerances,
  toTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherRowsNaive } from '../src/gather-rows/naive.ts';
import { gatherRows, scatterAddRows, setRows } from '../src/index.ts';
import { scatterAddRowsNaive } from '../src/scatter-add-rows/naive.ts';
import { setRowsNaive } from '../src/set-rows/naive.ts';

const cases = [
  { rows: 1, width: 1, shape: [1] },
  { rows: 3, width: 5, shape: [7] },
  { rows: 10, width: 3, shape: [2, 3] },
  { rows: 129, width: 66, shape: [] },
  { rows: 2, width: 4, shape: [300] },
];

await describeBackends('gatherRows', (backend) => {
  for (const { rows, width, shape } of cases) {
    it(`of [${shape}] of ${rows} rows of ${width} has the reference's output and gradient`, async () => {
      poisonMemory();
      const count = shape.reduce((product, n) => product * n, 1);
      const numbers = randomInt(randomKey('rows', rows), count, rows);
      const table = normalInput(randomKey('table'), [rows, width]);
      const dy = normalInput(randomKey('dy'), [...shape, width]);
      await expectLikeReference({
        op: ({ table }) =>
          tf.tidy(() => {
            const indices = tf.tensor(Int32Array.from(numbers), shape, 'int32');
            return gatherRows(table as tf.Tensor, indices);
          }),
        inputs: { table },
        dy,
        y: gatherRowsNaive(table.data, numbers, width),
        gradients: {
          table: scatterAddRowsNaive(new Float64Array(rows * width), numbers, dy.data),
        },
        tolerance: tolerances[backend],
      });
    });
  }
});

await describeBackends('scatterAddRows', () => {
  for (const { rows, width, shape } of cases) {
    const count = shape.reduce((product, n) => product * n, 1);
    it(`adds ${count} rows to ${rows} of ${width}, twice, as plain loops do`, async () => {
      poisonMemory();
      const numbers = randomInt(randomKey('rows', rows), count, rows);
      const table = normalInput(randomKey('table'), [rows, width]);
      const added = normalInput(randomKey('added'), [count, width]);
      await expectNoLeak(async () => {
        const start = toTensor(table);
        const variable = tf.variable(start);
        start.dispose();
        const indices = tf.tensor1d(Int32Array.from(numbers), 'int32');
        const values = toTensor(added);
        let expected = table.data;
        for (let turn = 0; turn < 2; turn++) {
          scatterAddRows(variable, indices, values);
          expected = scatterAddRowsNaive(expected, numbers, added.data);
          // Reading in between must not leave an old copy behind.
          await expectTensorClose(variable, { shape: [rows, width], data: expected });
        }
        tf.dispose([indices, values]);
        variable.dispose();
      });
    });
  }

  it('undoes itself with the opposite rows, whatever they are', async () => {
    const arbitrary = fc.record({
      rows: fc.integer({ min: 1, max: 20 }),
      width: fc.integer({ min: 1, max: 9 }),
      // Whole numbers, whose sums are exact.
      added: fc.array(fc.tuple(fc.nat(), fc.integer({ min: -1000, max: 1000 })), {
        minLength: 1,
        maxLength: 50,
      }),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ rows, width, added }) => {
        const start = tf.fill([rows, width], 7);
        const variable = tf.variable(start);
        const indices = tf.tensor1d(
          added.map(([row]) => row % rows),
          'int32',
        );
        const values = tf.tidy(() =>
          tf.mul(
            tf.reshape(tf.tensor1d(added.map(([, value]) => value)), [-1, 1]),
            tf.ones([width]),
          ),
        );
        const opposite = tf.neg(values);
        scatterAddRows(variable, indices, values);
        scatterAddRows(variable, indices, opposite);
        const data = Array.from(await variable.data());
        expect(data).toEqual(new Array(rows * width).fill(7));
        tf.dispose([start, indices, values, opposite]);
        variable.dispose();
      }),
      { numRuns: 20 },
    );
  });
});

await describeBackends('setRows', (backend) => {
  const inPlace = () => backend !== 'cpu' && kernelMode() !== 'composite';

  for (const { shape, count } of [
    { shape: [1], count: 1 },
    { shape: [9], count: 4 },
    { shape: [7, 3], count: 7 },
    { shape: [150, 66], count: 40 },
    { shape: [11, 2, 5], count: 3 },
    { shape: [70_000, 3], count: 66_001 },
  ]) {
    it(`puts ${count} rows into [${shape}], twice, as plain loops do, and not into a clone`, async () => {
      poisonMemory();
      const row = shape.slice(1);
      const table = normalInput(randomKey('table'), shape);
      await expectNoLeak(async () => {
        const start = toTensor(table);
        let [current, expected] = [tf.clone(start), table.data];
        for (const turn of [1, 2]) {
          const numbers = randomPermutation(randomKey(turn), shape[0] ?? 1).slice(0, count);
          const replaced = normalInput(randomKey('rows', turn), [count, ...row]);
          const indices = tf.tensor1d(Int32Array.from(numbers), 'int32');
          const rows = toTensor(replaced);
          const next = setRows(current, indices, rows);
          expected = setRowsNaive(expected, numbers, replaced.data);
          // In the first turn `start` holds the data too (not on wasm, whose clones are copies).
          const alone = current.dataId !== start.dataId;
          expect(next.dataId === current.dataId).toBe(alone && inPlace());
          await expectTensorClose(next, { shape, data: expected });
          tf.dispose([indices, rows, current]);
          current = next;
        }
        await expectTensorClose(start, { shape, data: table.data });
        tf.dispose([start, current]);
      });
    });
  }

  it('writes into no clone of its table', async () => {
    const table = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const row = tf.tensor1d([1], 'int32');
    const clone = tf.clone(table);
    await expectTensorClose(setRows(table, row, tf.zeros([1, 2])), [1, 2, 0, 0]);
    await expectTensorClose(clone, [1, 2, 3, 4]);
  });

  it('lets a product that has packed a table see its new rows', async () => {
    const table = tf.tidy(() => tf.tensor2d([1, 1, 1, 1], [2, 2]));
    const product = () => tf.matMul(tf.ones([1, 2]), table);
    await expectTensorClose(product(), [2, 2]);
    const next = setRows(table, tf.tensor1d([1], 'int32'), tf.tensor2d([[5, 7]]));
    await expectTensorClose(tf.matMul(tf.ones([1, 2]), next), [6, 8]);
  });
});

describe('the arguments', () => {
  it('of setRows are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const indices = tf.zeros([1], 'int32');
      expect(() => setRows(tf.zeros([4, 2, 3]), indices, tf.zeros([1, 2]))).toThrow(
        new ShapeError('rows was [1, 2]; it must be [1, 2, 3]'),
      );
      expect(() => setRows(tf.zeros([4]), tf.zeros([1]), tf.zeros([1]))).toThrow(
        new DTypeError('indices was float32; it must be int32'),
      );
    });
  });

  it('of gatherRows are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      expect(() => gatherRows(tf.zeros([4]), tf.zeros([1], 'int32'))).toThrow(
        new ShapeError('table was [4]; it must be [N, D]'),
      );
      expect(() => gatherRows(tf.zeros([4, 2]), tf.zeros([1]))).toThrow(
        new DTypeError('indices was float32; it must be int32'),
      );
    });
  });

  it('of scatterAddRows are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const table = tf.variable(tf.zeros([4, 2]));
      expect(() => scatterAddRows(table, tf.zeros([3], 'int32'), tf.zeros([3, 4]))).toThrow(
        new ShapeError('rows was [3, 4]; it must be [3, 2]'),
      );
      table.dispose();
    });
  });
});
