import { randomKey, randomNormal } from '@neverend/backend';
import { expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { LazyAdam, RowAdagrad, RowSGD } from '../../src/index.ts';
import {
  type NaiveMoments,
  type NaiveRows,
  naiveDecay,
  naiveLazyAdam,
  naiveRowAdagrad,
  naiveRowSGD,
  naiveRowWiseAdagrad,
} from '../../src/row-steps/naive.ts';
import { disposeVariables, variable } from '../fixtures/variables.ts';

/** A table, and the rows that have a gradient in each step, modulo its rows. */
export interface RowRun {
  readonly rowCount: number;
  readonly width: number;
  readonly touched: readonly (readonly number[])[];
  readonly weightDecay: number;
  readonly seed: number;
}

const options = { learningRate: 0.1, epsilon: 1e-6, beta1: 0.8, beta2: 0.9 };
const { learningRate, epsilon } = options;

interface Rule {
  readonly make: (weightDecay: number) => RowSGD | RowAdagrad | LazyAdam;
  /** One step; `sums` and `moments` begin as zeros. */
  readonly naive: (
    rows: NaiveRows,
    sums: Float64Array,
    moments: NaiveMoments,
    step: number,
  ) => void;
}

const lazyAdam = (catchUp: boolean): Rule => ({
  make: (weightDecay) => new LazyAdam({ ...options, catchUp, weightDecay }),
  naive: (rows, _, moments, step) => naiveLazyAdam(rows, moments, step, { ...options, catchUp }),
});

export const rowRules: Readonly<Record<string, Rule>> = {
  sgd: {
    make: (weightDecay) => new RowSGD({ learningRate, weightDecay }),
    naive: (rows) => naiveRowSGD(rows, learningRate),
  },
  adagrad: {
    make: (weightDecay) => new RowAdagrad({ learningRate, epsilon, weightDecay }),
    naive: (rows, sums) => naiveRowAdagrad(rows, sums, options),
  },
  'row-wise adagrad': {
    make: (weightDecay) => new RowAdagrad({ learningRate, epsilon, weightDecay, per: 'row' }),
    naive: (rows, sums) => naiveRowWiseAdagrad(rows, sums, options),
  },
  'lazy adam': lazyAdam(false),
  'lazy adam that catches up': lazyAdam(true),
};

/** Holds a table after some steps on the current backend against plain loops. @throws Error telling what differs. */
export async function expectRowsLikeLoops(
  { make, naive }: Rule,
  { rowCount, width, touched, weightDecay, seed }: RowRun,
): Promise<void> {
  const size = rowCount * width;
  const start = randomNormal(randomKey(seed, 'w'), size);
  const table = variable('w', { data: [...start], shape: [rowCount, width] });
  const optimizer = make(weightDecay);
  const weights = Float64Array.from(start);
  const sums = new Float64Array(size);
  const moments = {
    m: new Float64Array(size),
    v: new Float64Array(size),
    last: new Float64Array(rowCount),
  };
  try {
    for (const [at, picks] of touched.entries()) {
      const indices = picks.map((pick) => pick % rowCount);
      const rows = randomNormal(randomKey(seed, 'g', at), indices.length * width);
      const tensor = tf.tensor2d(rows, [indices.length, width]);
      await optimizer.applyGradients({ w: { indices: Int32Array.from(indices), rows: tensor } });
      tensor.dispose();
      const gradient = { weights, width, indices, rows: Float64Array.from(rows) };
      naiveDecay(gradient, learningRate, weightDecay);
      naive(gradient, sums, moments, at + 1);
    }
    await expectTensorClose(table, [...weights]);
  } finally {
    optimizer.dispose();
    disposeVariables();
  }
}
