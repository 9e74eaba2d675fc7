import '@tensorflow/tfjs-layers';
import { DTypeError, kernelMode, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  readGolden,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { AdamW, LazyAdam, RowAdagrad, type RowGradient, RowSGD, SGD } from '../../src/index.ts';
import { disposeVariables, numbers, variable } from '../fixtures/variables.ts';
import { expectRowsLikeLoops, rowRules } from './naive-run.ts';

type RowOptimizer = RowSGD | RowAdagrad | LazyAdam;

interface Settings {
  readonly steps: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly adagradEpsilon: number;
  readonly weightDecay: number;
}

const { meta, arrays } = readGolden(new URL('../golden/row-optimizers.json', import.meta.url));
const settings = meta as unknown as Settings;
const { steps, learningRate, beta1, beta2, adagradEpsilon } = settings;

function array(name: string) {
  const found = arrays[name];
  if (found === undefined) throw new Error(`no golden array ${name}`);
  return found;
}

function goldenGradient(step: number): RowGradient {
  const [indices, { data, shape }] = [array(`rows${step}`), array(`g${step}`)];
  return {
    indices: tf.tensor1d([...indices.data], 'int32'),
    rows: tf.tensor([...data], [...shape], 'float32'),
  };
}

async function advance(optimizer: RowOptimizer, step: number): Promise<void> {
  const w = goldenGradient(step);
  await optimizer.applyGradients({ w });
  tf.dispose([w.rows, w.indices as tf.Tensor]);
}

const followed: Record<string, () => RowOptimizer> = {
  sgd: () => new RowSGD({ learningRate }),
  adagrad: () => new RowAdagrad({ learningRate, epsilon: adagradEpsilon }),
  sparse_adam: () => new LazyAdam({ learningRate, beta1, beta2 }),
};
const makers: Record<string, () => RowOptimizer> = {
  ...followed,
  'row-wise adagrad': () => new RowAdagrad({ learningRate, per: 'row', initialSum: 0.1 }),
  'lazy adam that catches up': () => new LazyAdam({ learningRate, catchUp: true }),
};

/** The tensors of the state of the table `w`. */
function tensorsOf(optimizer: RowOptimizer): tf.Tensor[] {
  const own = Object.entries(optimizer.state()).filter(([, { dtype }]) => dtype === 'float32');
  return own.map(([, tensor]) => tensor);
}

afterEach(disposeVariables);

/** Tables, and gradients of some of their rows in some steps, many rows twice. */
const examples = fc.record({
  rowCount: fc.integer({ min: 1, max: 7 }),
  width: fc.integer({ min: 1, max: 5 }),
  touched: fc.array(fc.array(fc.nat(), { maxLength: 6 }), { minLength: 1, maxLength: 5 }),
  weightDecay: fc.constantFrom(0, 0.3),
  seed: fc.integer(),
});

await describeBackends('optimisers of rows', (backend) => {
  const inPlace = () => backend !== 'cpu' && kernelMode() !== 'composite';

  it.each(Object.keys(followed))('follow PyTorch on sparse gradients: %s', async (name) => {
    poisonMemory();
    const table = variable('w', array('w0'));
    await expectNoLeak(async () => {
      const optimizer = followed[name]?.() as RowOptimizer;
      for (let step = 1; step <= steps; step++) {
        await advance(optimizer, step);
        await expectTensorClose(table, array(`${name}/w${step}`));
      }
      expect(optimizer.step).toBe(steps);
      optimizer.dispose();
    });
  });

  it('are followed by AdamW, which moves all rows, on dense gradients', async () => {
    const table = variable('w', array('w0'));
    await expectNoLeak(async () => {
      const optimizer = new AdamW({
        learningRate,
        beta1,
        beta2,
        weightDecay: settings.weightDecay,
      });
      const [, width = 1] = table.shape;
      for (let step = 1; step <= steps; step++) {
        const dense = new Float32Array(table.size);
        for (const [at, row] of array(`rows${step}`).data.entries()) {
          for (let c = 0; c < width; c++) {
            const place = row * width + c;
            dense[place] = (dense[place] ?? 0) + (array(`g${step}`).data[at * width + c] ?? 0);
          }
        }
        const w = tf.tensor(dense, table.shape);
        optimizer.applyGradients({ w });
        w.dispose();
        await expectTensorClose(table, array(`dense_adamw/w${step}`));
      }
      optimizer.dispose();
    });
  });

  it.each(Object.keys(makers))('stop and continue with the same bits: %s', async (name) => {
    const table = variable('w', array('w0'));
    const [first, second] = [makers[name]?.(), makers[name]?.()];
    if (!first || !second) throw new Error(`no optimiser ${name}`);
    // In composites, what comes twice may be summed in another order: no row of these steps does.
    const order = [2, 3, 5, 6];
    for (const step of order) await advance(first, step);
    await second.restore(first.state());
    const there = tf.clone(table);
    const outcomes: number[][] = [];
    for (const optimizer of [first, second]) {
      table.assign(there);
      for (const step of order) await advance(optimizer, step);
      const values = await Promise.all([table, ...tensorsOf(optimizer)].map(numbers));
      outcomes.push(values.flat());
      optimizer.dispose();
    }
    there.dispose();
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(await numbers(table)).not.toEqual(array('w0').data);
  });

  it.each(Object.entries(rowRules))(
    'equal plain loops for any table and rows: %s',
    async (_, rule) => {
      await fc.assert(
        fc.asyncProperty(examples, (run) => expectRowsLikeLoops(rule, run)),
        { numRuns: 20 },
      );
    },
  );

  it('leave clones of a table and of its state as they were', async () => {
    const table = variable('w', array('w0'));
    for (const make of Object.values(makers)) {
      const optimizer = make();
      await advance(optimizer, 1);
      const clones = [table, ...tensorsOf(optimizer)].map((tensor) => tf.clone(tensor));
      const before = await Promise.all(clones.map(numbers));
      await advance(optimizer, 2);
      expect(await Promise.all(clones.map(numbers))).toEqual(before);
      tf.dispose(clones);
      optimizer.dispose();
    }
  });

  it('leave all other rows and their state to the bit', async () => {
    const table = variable('w', array('w0'));
    for (const [name, make] of Object.entries(makers)) {
      const optimizer = make();
      await advance(optimizer, 1);
      const before = await numbers(table);
      await advance(optimizer, 3); // row 2 alone
      const after = await numbers(table);
      const changed = after.flatMap((value, index) => (value === before[index] ? [] : [index]));
      expect({ name, changed }).toEqual({ name, changed: [6, 7, 8] });
      optimizer.dispose();
    }
  });

  it('write in place, and allocate no more for a large table than for a small one', async () => {
    if (!inPlace()) return;
    for (const [name, make] of Object.entries(makers)) {
      const costs: unknown[] = [];
      for (const rowCount of [10, 50_000]) {
        const data = new Array(rowCount * 3).fill(1);
        const table = variable('w', { data, shape: [rowCount, 3] });
        const optimizer = make();
        await advance(optimizer, 1);
        const dataIds = () => [table, ...tensorsOf(optimizer)].map(({ dataId }) => dataId);
        const before = dataIds();
        const { kernels } = await tf.profile(() => advance(optimizer, 2));
        expect(dataIds().every((dataId, at) => dataId === before[at])).toBe(true);
        // A tensor counts as bytes although it shares its data: those of steps and of setRows do, as was seen.
        const inPlace = /^Neverend(SetRows|Row|LazyAdam)/;
        const others = kernels.filter((kernel) => !inPlace.test(kernel.name));
        costs.push({ name, others: others.map((kernel) => [kernel.name, kernel.bytesAdded]) });
        optimizer.dispose();
        disposeVariables();
      }
      expect(costs[1]).toEqual(costs[0]);
    }
  });

  it('sum the gradients of a row in the order in which they come', async () => {
    if (!inPlace()) return;
    const table = variable('w', { data: [0, 0, 0, 0], shape: [4, 1] });
    const optimizer = new RowSGD({ learningRate: 1 });
    const rows = tf.tensor2d([[1e8], [3], [1], [-1e8], [1]]);
    await optimizer.applyGradients({ w: { indices: Int32Array.of(2, 1, 2, 2, 2), rows } });
    // In float32, 1e8 + 1 is 1e8.
    expect(await numbers(table)).toEqual([0, -3, -1, 0]);
    optimizer.dispose();
    rows.dispose();
  });

  it.each([
    [
      'SGD, in every step',
      () => new RowSGD({ learningRate }),
      () => new SGD({ learningRate }),
      steps,
    ],
    // Later, Adam moves untouched rows by the moments that they have.
    [
      'Adam, in the first step',
      () => new LazyAdam({ learningRate }),
      () => new AdamW({ learningRate, weightDecay: 0 }),
      1,
    ],
  ] as const)('equal the dense optimiser: %s', async (_, sparse, dense, count) => {
    const table = variable('w', array('w0'));
    const copy = variable('copy', array('w0'));
    const [rows, full] = [sparse(), dense()];
    for (let step = 1; step <= count; step++) {
      const w = goldenGradient(step);
      await rows.applyGradients({ w });
      const gradient = tf.tidy(() =>
        tf.scatterND(tf.expandDims(w.indices as tf.Tensor, 1), w.rows, [9, 3]),
      );
      full.applyGradients({ copy: gradient });
      tf.dispose([w.rows, w.indices as tf.Tensor, gradient]);
      await expectTensorClose(table, await numbers(copy));
    }
    rows.dispose();
    full.dispose();
  });

  it('change nothing and leak nothing when a gradient does not fit', async () => {
    const table = variable('w', { data: [1, 2, 3, 4], shape: [2, 2] });
    variable('vector', { data: [1, 2], shape: [2] });
    const optimizer = new RowAdagrad({ learningRate: 0.1 });
    const [good, wide, one, integers] = [
      tf.tensor2d([[1, 1]]),
      tf.tensor2d([[1, 1, 1]]),
      tf.tensor1d([0], 'int32'),
      tf.tensor2d([[1, 1]], [1, 2], 'int32'),
    ];
    const refused: readonly [Record<string, RowGradient>, Error][] = [
      [
        { w: { indices: one, rows: wide } },
        new ShapeError('the row gradient of "w" has shape [1,3]; it must be [K, 2]'),
      ],
      [
        { w: { indices: one, rows: integers } },
        new DTypeError('rows of the row gradient of "w" was int32; it must be float32'),
      ],
      [
        { w: { indices: Int32Array.of(0, 1), rows: good } },
        new ShapeError('the row indices of "w" have shape [2]; it must be [1]'),
      ],
      [
        { w: { indices: good, rows: good } },
        new DTypeError('the row indices of "w" are float32; they must be int32'),
      ],
      [
        { w: { indices: Int32Array.of(2), rows: good } },
        new RangeError('the row indices of "w" have 2; they must be from 0 to 1'),
      ],
      [
        { w: { indices: Int32Array.of(-1), rows: good } },
        new RangeError('the row indices of "w" have -1; they must be from 0 to 1'),
      ],
      [
        { nothing: { indices: one, rows: good } },
        new RangeError('gradients name "nothing"; no variable of that name exists'),
      ],
      [
        { w: { indices: one, rows: good }, vector: { indices: one, rows: good } },
        new ShapeError('variable "vector" has shape [2]; it must be [N, D]'),
      ],
    ];
    for (const [gradients, error] of refused) {
      await expectNoLeak(async () => {
        await expect(optimizer.applyGradients(gradients)).rejects.toThrow(error);
      });
    }
    expect(optimizer.step).toBe(0);
    expect(await numbers(table)).toEqual([1, 2, 3, 4]);
    expect(Object.keys(optimizer.state())).toEqual(['iter']);
    optimizer.dispose();
    tf.dispose([good, wide, one, integers]);
  });
});

describe('optimisers of rows', () => {
  it('refuse options outside of their ranges', () => {
    expect(() => new RowSGD({ learningRate: -1 })).toThrow(
      new RangeError('learningRate was -1; it must be a finite number >= 0'),
    );
    expect(() => new RowAdagrad({ learningRate: 1, initialSum: -1 })).toThrow(
      new RangeError('initialSum was -1; it must be a finite number >= 0'),
    );
    expect(() => new LazyAdam({ learningRate: 1, beta1: 1 })).toThrow(
      new RangeError('beta1 was 1; it must be in [0, 1)'),
    );
    const unknown = { ...{ catchup: true }, learningRate: 1 };
    for (const make of [RowSGD, RowAdagrad, LazyAdam]) {
      expect(() => new make(unknown)).toThrow(TypeError);
      expect(() => new make(unknown)).toThrow(`${make.name} has no option "catchup"; it takes`);
    }
  });
});
