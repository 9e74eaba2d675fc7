import '@tensorflow/tfjs-layers';
import { DTypeError, randomKey, randomNormal, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { RowMovingAverage, RowSGD } from '../../src/index.ts';
import { disposeVariables, numbers, variable } from '../fixtures/variables.ts';

afterEach(disposeVariables);

/** A table, and the rows that each of some steps touches, several times or not at all. */
const examples = fc.record({
  rowCount: fc.integer({ min: 1, max: 6 }),
  width: fc.integer({ min: 1, max: 4 }),
  touched: fc.array(fc.array(fc.nat(), { maxLength: 5 }), { minLength: 1, maxLength: 6 }),
  decay: fc.constantFrom(0, 0.5, 0.9, 0.99, 0.9999),
  seed: fc.integer(),
});

const start = (rowCount: number, width: number, seed: number) => ({
  data: [...randomNormal(randomKey(seed, 'w'), rowCount * width)],
  shape: [rowCount, width],
});

/** A step of a table `w` that moves these rows. */
async function step(
  optimizer: RowSGD,
  indices: Int32Array,
  width: number,
  key: string,
): Promise<void> {
  const values = randomNormal(randomKey(key), indices.length * width);
  const rows = tf.tensor2d(values, [indices.length, width]);
  await optimizer.applyGradients({ w: { indices, rows } });
  rows.dispose();
}

await describeBackends('the moving average of rows', (backend) => {
  it('equals the average of the whole table by plain loops, whatever rows the steps touch', async () => {
    await fc.assert(
      fc.asyncProperty(examples, async ({ rowCount, width, touched, decay, seed }) => {
        poisonMemory();
        await expectNoLeak(async () => {
          const table = variable('w', start(rowCount, width, seed));
          const [optimizer, average] = [
            new RowSGD({ learningRate: 1 }),
            new RowMovingAverage(decay),
          ];
          const expected = await numbers(table);
          for (const [at, picks] of touched.entries()) {
            const indices = Int32Array.from(picks, (pick) => pick % rowCount);
            const tensor = tf.tensor1d(indices, 'int32');
            await average.beforeStep({ w: at % 2 === 0 ? indices : tensor });
            tensor.dispose();
            await step(optimizer, indices, width, `${seed} ${at}`);
            for (const [i, weight] of (await numbers(table)).entries()) {
              expected[i] = decay * (expected[i] ?? 0) + (1 - decay) * weight;
            }
          }
          const weights = await numbers(table);
          await average.swap();
          await expectTensorClose(table, expected);
          await average.swap();
          // Bit by bit.
          expect(await numbers(table)).toEqual(weights);
          average.dispose();
          optimizer.dispose();
          disposeVariables();
        });
      }),
      { numRuns: backend === 'webgpu' ? 8 : 15, seed: 1 },
    );
  });

  it('stops and continues with the same bits', async () => {
    const table = variable('w', start(5, 3, 1));
    const [optimizer, first, second] = [
      new RowSGD({ learningRate: 1 }),
      new RowMovingAverage(0.9),
      new RowMovingAverage(0.9),
    ];
    const lists = [[0, 1], [3], [1, 3, 3], [4, 0]].map((list) => Int32Array.from(list));
    for (const [at, indices] of lists.entries()) {
      await first.beforeStep({ w: indices });
      if (at === 2) await second.restore(first.state());
      if (at > 2) await second.beforeStep({ w: indices });
      await step(optimizer, indices, 3, `${at}`);
    }
    const outcomes: number[][] = [];
    for (const average of [first, second]) {
      expect(average.step).toBe(4);
      await average.swap();
      outcomes.push(await numbers(table));
      await average.swap();
      average.dispose();
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    optimizer.dispose();
  });

  it('puts back weights to the bit that have an average which is not finite', async () => {
    const table = variable('w', { data: [1, Number.POSITIVE_INFINITY, 3, 4], shape: [2, 2] });
    const average = new RowMovingAverage(0.9);
    await average.beforeStep({ w: Int32Array.of(0) });
    table.assign(tf.tidy(() => tf.tensor2d([5, 6, 7, 8], [2, 2])));
    await average.swap();
    expect((await numbers(table))[1]).toBe(Number.POSITIVE_INFINITY);
    await average.swap();
    expect(await numbers(table)).toEqual([5, 6, 7, 8]);
    average.dispose();
  });

  it('keeps the share of long decays: a row that waited for 5000 steps', async () => {
    const table = variable('w', { data: [1], shape: [1, 1] });
    const average = new RowMovingAverage(0.9999);
    await average.beforeStep({ w: Int32Array.of(0) });
    table.assign(tf.tidy(() => tf.tensor2d([[0]])));
    const iter = tf.scalar(5001, 'int32');
    await average.restore({ ...average.state(), iter });
    iter.dispose();
    await average.swap();
    // One step was counted before the 5000, from an average of 1 and weights of 0.
    await expectTensorClose(table, [0.9999 ** 5001]);
    average.dispose();
  });

  it('changes nothing and leaks nothing when something does not fit', async () => {
    variable('w', start(2, 2, 1));
    variable('vector', { data: [1, 2], shape: [2] });
    const average = new RowMovingAverage(0.9);
    const [real, matrix] = [tf.tensor1d([0]), tf.tensor2d([[0]], [1, 1], 'int32')];
    const one = Int32Array.of(0);
    const refused: readonly [Record<string, tf.Tensor | Int32Array>, Error][] = [
      [{ w: real }, new DTypeError('the row indices of "w" are float32; they must be int32')],
      [{ w: matrix }, new ShapeError('the row indices of "w" have shape [1,1]; it must be [K]')],
      [
        { w: Int32Array.of(2) },
        new RangeError('the row indices of "w" have 2; they must be from 0 to 1'),
      ],
      [
        { nothing: one },
        new RangeError('touched rows name "nothing"; no variable of that name exists'),
      ],
      [
        { w: one, vector: one },
        new ShapeError('variable "vector" has shape [2]; it must be [N, D]'),
      ],
    ];
    for (const [touched, error] of refused) {
      await expectNoLeak(async () => {
        await expect(average.beforeStep(touched)).rejects.toThrow(error);
      });
    }
    expect(Object.keys(average.state())).toEqual(['iter']);
    const [iter, wide, vector] = [tf.scalar(1, 'int32'), tf.zeros([2, 2]), tf.zeros([2])];
    const misshapen = { iter, 'w/average': wide, 'w/last': vector };
    await expect(average.restore(misshapen)).rejects.toThrow(
      new ShapeError('the state does not fit: "w/last" was [2]; it must be [2,1]'),
    );
    expect(Object.keys(average.state())).toEqual(['iter']);
    tf.dispose([iter, wide, vector]);
    average.dispose();
    expect(() => new RowMovingAverage(0.9, { ...{ table: {} }, tables: {} })).toThrow(
      new TypeError('RowMovingAverage has no option "table"; it takes tables, stateStore'),
    );
    expect(() => new RowMovingAverage(1)).toThrow(
      new RangeError('decay was 1; it must be in [0, 1)'),
    );
    tf.dispose([real, matrix]);
  });
});
