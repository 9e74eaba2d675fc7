import '@tensorflow/tfjs-layers';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DTypeError, randomInt, randomKey, randomNormal, ShapeError } from '@neverend/backend';
import { describeBackends, expectNoLeak, poisonMemory } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  LazyAdam,
  RowAdagrad,
  type RowGradient,
  RowMovingAverage,
  RowSGD,
  type RowStorageSettings,
  type RowStore,
  type StateTensor,
  variableRows,
} from '../../src/index.ts';
import { allRows, DelayedRows, FileRows } from '../fixtures/row-stores.ts';
import { disposeVariables, numbers, variable } from '../fixtures/variables.ts';

const shape = [23, 5] as const;
const start = randomNormal(randomKey('table'), shape[0] * shape[1]);
const stepCount = 6;

type Optimizer = RowSGD | RowAdagrad | LazyAdam;

const common = { learningRate: 0.1, weightDecay: 0.1 };
const makers: Record<string, (storage: RowStorageSettings) => Optimizer> = {
  sgd: (storage) => new RowSGD({ ...common, ...storage }),
  adagrad: (storage) => new RowAdagrad({ ...common, ...storage, initialSum: 0.5 }),
  'row-wise adagrad': (storage) => new RowAdagrad({ ...common, ...storage, per: 'row' }),
  'lazy adam': (storage) => new LazyAdam({ ...common, ...storage, catchUp: true }),
};

/** A gradient of some rows, none of them twice: what comes twice is summed in another order by some composites. */
function gradient(step: number): RowGradient & { readonly indices: Int32Array } {
  const picks = randomInt(randomKey('rows', step), 7, shape[0]);
  const indices = Int32Array.from(new Set(picks));
  const values = randomNormal(randomKey('gradient', step), indices.length * shape[1]);
  return { indices, rows: tf.tensor2d(values, [indices.length, shape[1]]) };
}

/** Steps one after the other, with a moving average beside them; swaps twice at the end. */
async function train(
  make: (storage: RowStorageSettings) => Optimizer,
  storage: RowStorageSettings,
  averageStorage: RowStorageSettings,
  read: () => Promise<number[]>,
): Promise<{ weights: number[]; averages: number[] }> {
  const [optimizer, average] = [make(storage), new RowMovingAverage(0.9, averageStorage)];
  for (let step = 0; step < stepCount; step++) {
    const w = gradient(step);
    // Neither waits: calls that share a table follow one another.
    const before = average.beforeStep({ w: w.indices });
    await optimizer.applyGradients({ w });
    await before;
    tf.dispose(w.rows);
  }
  const weights = await read();
  await average.swap();
  const averages = await read();
  await average.swap();
  expect(await read()).toEqual(weights);
  expect([optimizer.step, average.step]).toEqual([stepCount, stepCount]);
  optimizer.dispose();
  average.dispose();
  return { weights, averages };
}

let folder = '';
const files: FileRows[] = [];

async function fileRows(
  name: string,
  rowsShape: readonly [number, number],
  values?: Float32Array | number,
): Promise<FileRows> {
  const rows = await FileRows.open(join(folder, name.replace('/', '-')), rowsShape, values);
  files.push(rows);
  return rows;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'row-store-'));
});
afterAll(async () => {
  for (const file of files) await file.close();
  await rm(folder, { recursive: true });
});
afterEach(disposeVariables);

await describeBackends('a store of rows', () => {
  it.each(Object.entries(makers))(
    'gives the bits of a variable, in memory and in a file, with its state in stores too: %s',
    async (_, make) => {
      poisonMemory();
      await expectNoLeak(async () => {
        const table = variable('w', { data: [...start], shape: [...shape] });
        const expected = await train(make, {}, {}, () => numbers(table));
        disposeVariables();
        expect(expected.weights).not.toEqual([...start]);
        expect(expected.averages).not.toEqual(expected.weights);

        const delayed = new DelayedRows(shape, start);
        const inMemory = await train(
          make,
          { tables: { w: delayed } },
          { tables: { w: delayed } },
          async () => [...delayed.values],
        );
        expect(inMemory).toEqual(expected);

        const file = await fileRows('w', shape, Float32Array.from(start));
        const asked: StateTensor[] = [];
        const storage = (owner: string): RowStorageSettings => ({
          tables: { w: file },
          stateStore: (tensor) => {
            if (owner === 'average') asked.push(tensor);
            return fileRows(`${owner}-${tensor.name}`, tensor.shape, tensor.initialValue);
          },
        });
        const inFile = await train(make, storage('optimizer'), storage('average'), () =>
          allRows(file),
        );
        expect(inFile).toEqual(expected);
        expect(asked).toEqual([
          { name: 'w/average', shape, initialValue: 0 },
          { name: 'w/last', shape: [shape[0], 1], initialValue: -1 },
        ]);
      });
    },
  );

  it('follows calls that do not wait for each other in their order', async () => {
    await expectNoLeak(async () => {
      const outcomes: number[][] = [];
      for (const wait of [true, false]) {
        const rows = new DelayedRows(shape, start);
        const optimizer = new LazyAdam({ learningRate: 0, tables: { w: rows } });
        const gradients = Array.from({ length: stepCount }, (_, step) => gradient(step));
        const steps: Promise<void>[] = [];
        for (const [step, w] of gradients.entries()) {
          optimizer.setLearningRate(0.1 / (step + 1));
          steps.push(optimizer.applyGradients({ w }));
          if (wait) await steps.at(-1);
        }
        await Promise.all(steps);
        expect(optimizer.step).toBe(stepCount);
        expect(rows.begun).toEqual(rows.ended);
        outcomes.push([...rows.values]);
        optimizer.dispose();
        tf.dispose(gradients.map(({ rows: gradientRows }) => gradientRows));
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
    });
  });

  it('is exchanged with its averages after the steps that were called before', async () => {
    const outcomes: number[][] = [];
    for (const wait of [true, false]) {
      const rows = new DelayedRows(shape, start);
      const tables = { w: rows };
      const [optimizer, average] = [
        new RowSGD({ learningRate: 1, tables }),
        new RowMovingAverage(0.5, { tables }),
      ];
      const w = gradient(0);
      const calls = [
        () => average.beforeStep({ w: w.indices }),
        () => optimizer.applyGradients({ w }),
        () => average.swap(),
      ];
      const called: Promise<void>[] = [];
      for (const call of calls) {
        called.push(call());
        if (wait) await called.at(-1);
      }
      await Promise.all(called);
      outcomes.push([...rows.values]);
      optimizer.dispose();
      average.dispose();
      w.rows.dispose();
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('is changed by two optimisers one after the other', async () => {
    const rows = new DelayedRows([1, 1], [1]);
    const tables = { w: rows };
    const [first, second] = [1, 2].map(() => new RowSGD({ learningRate: 1, tables }));
    const one = { indices: Int32Array.of(0), rows: tf.tensor2d([[1]]) };
    await Promise.all([first, second, first].map((each) => each?.applyGradients({ w: one })));
    // Each step takes 1 off; had one read before another wrote, a step would be lost.
    expect([...rows.values]).toEqual([-2]);
    one.rows.dispose();
    first?.dispose();
    second?.dispose();
  });

  it('has its old rows again, as all others, when one fails in the middle of a step', async () => {
    const table = variable('v', { data: [...start], shape: [...shape] });
    const stores = new Map<string, DelayedRows>();
    const rows = new DelayedRows(shape, start);
    const optimizer = new LazyAdam({
      learningRate: 0.1,
      tables: { w: rows },
      stateStore: ({ name, shape: stateShape, initialValue }) => {
        const store = new DelayedRows(stateShape, initialValue);
        stores.set(name, store);
        return store;
      },
    });
    const [good, another] = [gradient(0), gradient(1)];
    await optimizer.applyGradients({ w: good, v: good });
    const everything = async () => [
      await numbers(table),
      [...rows.values],
      ...[...stores.values()].map(({ values }) => [...values]),
      ...(await Promise.all(Object.values(optimizer.state()).map(numbers))),
    ];
    const before = await everything();
    const broken = new Error('the disk is full');
    for (const store of [rows, ...stores.values()]) {
      let failures = 1;
      store.beforeSet = () => {
        if (failures-- > 0) throw broken;
      };
      await expectNoLeak(async () => {
        await expect(optimizer.applyGradients({ w: another, v: another })).rejects.toBe(broken);
      });
      expect(await everything()).toEqual(before);
      store.beforeSet = () => {};
    }
    expect(optimizer.step).toBe(1);
    // What fails once more cannot be mended, and is said.
    rows.beforeSet = () => {
      throw broken;
    };
    await expect(optimizer.applyGradients({ w: another })).rejects.toThrow(
      'a step failed, and rows could not be put back',
    );
    rows.beforeSet = () => {};
    rows.values.set(before[1] ?? []);
    await optimizer.applyGradients({ w: another, v: another });
    expect([...rows.values]).toEqual(await numbers(table));
    optimizer.dispose();
    tf.dispose([good.rows, another.rows]);
  });

  it('keeps no state of a table whose first step failed', async () => {
    const rows = new DelayedRows(shape, start);
    const optimizer = new RowAdagrad({ learningRate: 0.1, tables: { w: rows } });
    const w = gradient(0);
    rows.beforeSet = (set) => {
      if (set === 1) throw new Error('once');
    };
    optimizer.state();
    await expectNoLeak(async () => {
      await expect(optimizer.applyGradients({ w })).rejects.toThrow('once');
    });
    expect(Object.keys(optimizer.state())).toEqual(['iter']);
    expect([...rows.values]).toEqual([...start]);
    optimizer.dispose();
    w.rows.dispose();
  });

  it('has the weights back when an exchange with the averages fails', async () => {
    const rows = [new DelayedRows(shape, start), new DelayedRows(shape, start)] as const;
    const tables = { a: rows[0], b: rows[1] };
    const [optimizer, average] = [
      new RowSGD({ learningRate: 1, tables }),
      new RowMovingAverage(0.5, { tables }),
    ];
    const one = gradient(0);
    await average.beforeStep({ a: one.indices, b: one.indices });
    await optimizer.applyGradients({ a: one, b: one });
    const weights = rows.map(({ values }) => [...values]);
    let failures = 1;
    rows[1].beforeSet = () => {
      if (failures-- > 0) throw new Error('once');
    };
    await expectNoLeak(() => expect(average.swap()).rejects.toThrow('once'));
    expect(rows.map(({ values }) => [...values])).toEqual(weights);
    await average.swap();
    expect(rows.map(({ values }) => [...values])).not.toEqual(weights);
    await average.swap();
    expect(rows.map(({ values }) => [...values])).toEqual(weights);
    optimizer.dispose();
    average.dispose();
    one.rows.dispose();
  });

  it('goes on where another process stopped, from the files and from what is in memory', async () => {
    const make = (storage: RowStorageSettings) =>
      new LazyAdam({ ...common, ...storage, catchUp: true });
    const files = (fresh: boolean, name: string) => (tensor: StateTensor) =>
      fileRows(`${name}-${tensor.name}`, tensor.shape, fresh ? tensor.initialValue : undefined);
    const outcomes: number[][] = [];
    for (const stops of [false, true]) {
      const name = `stop-${stops}`;
      let rows = await fileRows(name, shape, Float32Array.from(start));
      let optimizer = make({ tables: { w: rows }, stateStore: files(true, name) });
      for (let step = 0; step < stepCount; step++) {
        if (stops && step === 3) {
          const state = tf.tidy(() => tf.keep(tf.clone(optimizer.state()['w/step'] as tf.Tensor)));
          expect(Object.keys(optimizer.state())).toEqual(['iter', 'w/step']);
          optimizer.dispose();
          rows = await fileRows(name, shape);
          optimizer = make({ tables: { w: rows }, stateStore: files(false, name) });
          await optimizer.restore({ iter: state, 'w/step': state });
          state.dispose();
        }
        const w = gradient(step);
        await optimizer.applyGradients({ w });
        w.rows.dispose();
      }
      outcomes.push(await allRows(rows));
      optimizer.dispose();
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('may be a variable under another name than its own', async () => {
    const table = variable('scope-7/w', { data: [1, 2], shape: [2, 1] });
    const one = { indices: Int32Array.of(1), rows: tf.tensor2d([[1]]) };
    const optimizer = new RowAdagrad({ learningRate: 1, tables: { w: table } });
    await optimizer.applyGradients({ w: one });
    expect(Object.keys(optimizer.state())).toEqual(['iter', 'w/sum', 'w/step']);
    await expect(optimizer.applyGradients({ w: one, 'scope-7/w': one })).rejects.toThrow(
      new RangeError('"w" and "scope-7/w" are one table'),
    );
    expect(await numbers(table)).toEqual([1, 1]);
    disposeVariables();
    await expect(optimizer.applyGradients({ w: one })).rejects.toThrow(RangeError);
    optimizer.dispose();
    one.rows.dispose();
  });

  it('must give rows of its shape, and a state store that of the state', async () => {
    const one = { indices: Int32Array.of(1), rows: tf.tensor2d([[1]]) };
    const refuse = async (rows: RowStore, settings: RowStorageSettings, error: Error) => {
      const optimizer = new RowAdagrad({ learningRate: 1, tables: { w: rows }, ...settings });
      optimizer.state();
      await expectNoLeak(() => expect(optimizer.applyGradients({ w: one })).rejects.toThrow(error));
      optimizer.dispose();
    };
    const given = (make: () => tf.Tensor): RowStore => ({
      shape: [2, 1],
      gather: () => make() as tf.Tensor2D,
      set: () => {},
    });
    await refuse(
      given(() => tf.zeros([2, 1])),
      {},
      new ShapeError('the weights rows of "w" was [2, 1]; it must be [1, 1]'),
    );
    await refuse(
      given(() => tf.zeros([1, 1], 'int32')),
      {},
      new DTypeError('the weights rows of "w" was int32; it must be float32'),
    );
    await refuse(
      new DelayedRows([2, 1]),
      { stateStore: () => new DelayedRows([1, 1]) },
      new ShapeError('the store of "w/sum" has shape [1,1]; it must be [2,1]'),
    );
    const vector = variable('vector', { data: [1, 2], shape: [2] });
    expect(() => variableRows(vector)).toThrow(
      new ShapeError('variable "vector" has shape [2]; it must be [N, D]'),
    );
    one.rows.dispose();
  });
});
