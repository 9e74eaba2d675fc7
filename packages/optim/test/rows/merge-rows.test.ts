import '@tensorflow/tfjs-layers';
import { DTypeError, randomKey, randomNormal, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectClose,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import { gatherRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  clipByGlobalNorm,
  globalNorm,
  type HostRowGradient,
  mergeRows,
  type RowGradient,
} from '../../src/index.ts';
import { numbers } from '../fixtures/variables.ts';

const width = 3;
const rowCount = 6;

interface Picked {
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly gradient: RowGradient;
}

/** A row of normal numbers for each index; the indices are a tensor in every second gradient. */
function picked(picks: readonly number[], seed: number, at: number): Picked {
  const indices = Int32Array.from(picks);
  const values = randomNormal(randomKey(seed, at), picks.length * width);
  const rows = tf.tensor2d(values, [picks.length, width]);
  const gradient = { indices: at % 2 === 0 ? indices : tf.tensor1d(indices, 'int32'), rows };
  return { indices, values, gradient };
}

/** The table's gradient `[rowCount, width]`, by plain loops. */
function dense(gradients: readonly Pick<Picked, 'indices' | 'values'>[]): number[] {
  const sums = new Array<number>(rowCount * width).fill(0);
  for (const { indices, values } of gradients) {
    for (const [k, row] of indices.entries()) {
      for (let d = 0; d < width; d++) {
        const place = row * width + d;
        sums[place] = (sums[place] ?? 0) + (values[k * width + d] ?? 0);
      }
    }
  }
  return sums;
}

const examples = fc.record({
  lists: fc.array(fc.array(fc.nat({ max: rowCount - 1 }), { maxLength: 8 }), {
    minLength: 1,
    maxLength: 3,
  }),
  seed: fc.integer(),
});

function disposeAll(...gradients: readonly RowGradient[]): void {
  for (const { indices, rows } of gradients)
    tf.dispose(indices instanceof tf.Tensor ? [indices, rows] : rows);
}

await describeBackends('mergeRows', () => {
  it('gives every touched row once, with its numbers of the dense gradient', async () => {
    await fc.assert(
      fc.asyncProperty(examples, async ({ lists, seed }) => {
        poisonMemory();
        await expectNoLeak(async () => {
          const gradients = lists.map((picks, at) => picked(picks, seed, at));
          const given = gradients.map(({ gradient }) => gradient);
          const merged = await mergeRows(...(given as [RowGradient]));
          const { indices, rows } = merged;
          expect([...indices]).toEqual([...new Set(lists.flat())]);
          expect(rows.shape).toEqual([indices.length, width]);
          const values = Float32Array.from(await numbers(rows));
          expectClose(dense([{ indices, values }]), dense(gradients));
          disposeAll(merged, ...given);
        });
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  it('leaves the rows given to the caller, also where no row comes twice', async () => {
    const rows = tf.tensor2d([[1, 2]]);
    const merged = await mergeRows({ indices: Int32Array.of(4), rows });
    merged.rows.dispose();
    expect(await numbers(rows)).toEqual([1, 2]);
    rows.dispose();
  });

  it('names the gradient that does not fit', async () => {
    const [good, wide, line] = [tf.ones([2, 3]), tf.ones([2, 4]), tf.ones([2])];
    const [indices, one] = [Int32Array.of(0, 1), tf.tensor1d([0, 1])];
    const refused: readonly [RowGradient, Error][] = [
      [
        { indices, rows: line },
        new ShapeError('the row gradient 2 has shape [2]; it must be [K, 3]'),
      ],
      [
        { indices, rows: wide },
        new ShapeError('the row gradient 2 has shape [2,4]; it must be [K, 3]'),
      ],
      [
        { indices: Int32Array.of(0), rows: good },
        new ShapeError('the row indices 2 have shape [1]; it must be [2]'),
      ],
      [
        { indices: one, rows: good },
        new DTypeError('the row indices 2 are float32; they must be int32'),
      ],
    ];
    for (const [gradient, error] of refused) {
      await expectNoLeak(async () => {
        await expect(mergeRows({ indices, rows: good }, gradient)).rejects.toThrow(error);
      });
    }
    await expect(mergeRows({ indices, rows: line })).rejects.toThrow(
      new ShapeError('the row gradient 1 has shape [2]; it must be [K, D]'),
    );
    tf.dispose([good, wide, line, one]);
  });
});

await describeBackends('the global norm of tables and other gradients', () => {
  it('is that of the dense gradients, and so is what is clipped', async () => {
    await fc.assert(
      fc.asyncProperty(
        examples,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        async (example, maxNorm) => {
          poisonMemory();
          await expectNoLeak(async () => {
            const table = picked(example.lists.flat(), example.seed, 0);
            const bias = randomNormal(randomKey(example.seed, 'bias'), 4);
            const grads = {
              table: { indices: table.indices, rows: table.gradient.rows },
              bias: tf.tensor1d(bias),
            };
            const full = [...dense([table]), ...bias];
            const norm = Math.sqrt(full.reduce((sum, value) => sum + value * value, 0));
            const factor = Math.min(1, maxNorm / (norm + 1e-6));
            const [alone, clipped] = [globalNorm(grads), clipByGlobalNorm(grads, maxNorm)];
            await expectTensorClose(alone, [norm]);
            await expectTensorClose(clipped.norm, [norm]);
            const { indices, rows } = clipped.grads.table;
            const values = Float32Array.from(await numbers(rows));
            expect(indices.length).toBe(new Set(table.indices).size);
            const scaled = [
              ...dense([{ indices, values }]),
              ...(await numbers(clipped.grads.bias)),
            ];
            expectClose(
              scaled,
              full.map((value) => value * factor),
            );
            tf.dispose([grads.bias, alone, clipped.norm, clipped.grads.bias]);
            disposeAll(grads.table, clipped.grads.table);
          });
        },
      ),
      { numRuns: 15, seed: 1 },
    );
  });

  it('is that of the gradient that gatherRows has by the whole table', async () => {
    const table = randomTensor(randomKey('table'), [rowCount, width]);
    const indices = Int32Array.of(5, 0, 5, 5);
    const places = tf.tensor1d(indices, 'int32');
    const dy = randomTensor(randomKey('dy'), [4, width]);
    const whole = tf.grad((by: tf.Tensor) => gatherRows(by, places))(table, dy);
    const [sparse, full] = [
      globalNorm({ table: { indices, rows: dy } }),
      globalNorm({ table: whole }),
    ];
    await expectTensorClose(sparse, await numbers(full));
    tf.dispose([table, places, dy, whole, sparse, full]);
  });

  it('reads nothing back: indices that are a tensor are refused', () => {
    const rows = tf.ones([1, 2]);
    const indices = tf.tensor1d([0], 'int32');
    const grads = { table: { indices, rows } as unknown as HostRowGradient };
    const error = new DTypeError(
      'the row indices of "table" are a tensor; they must be an Int32Array, as mergeRows gives them',
    );
    expect(() => globalNorm(grads)).toThrow(error);
    expect(() => clipByGlobalNorm(grads, 1)).toThrow(error);
    const short = { table: { indices: Int32Array.of(0, 1), rows } };
    expect(() => clipByGlobalNorm(short, 1)).toThrow(
      new ShapeError('the row indices of "table" have shape [2]; it must be [1]'),
    );
    tf.dispose([rows, indices]);
  });
});
