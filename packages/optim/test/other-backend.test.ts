import { useBackend } from '@neverend/backend';
import { describeBackends, expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AdamW, ExponentialMovingAverage, LazyAdam, Lion, RowSGD, SGD } from '../src/index.ts';
import { disposeVariables, numbers, variable } from './fixtures/variables.ts';

const learningRate = 0.1;

/** The first step of each of these changes a weight by 0.1, where its gradient is 1. */
const optimizers = {
  AdamW: () => new AdamW({ learningRate, weightDecay: 0 }),
  Lion: () => new Lion({ learningRate, weightDecay: 0 }),
  SGD: () => new SGD({ learningRate }),
  'SGD with momentum': () => new SGD({ learningRate, momentum: 0.9 }),
};

const rowOptimizers = {
  RowSGD: () => new RowSGD({ learningRate }),
  LazyAdam: () => new LazyAdam({ learningRate }),
};

afterEach(disposeVariables);

await describeBackends('a variable that was made on cpu', (backend) => {
  let w: tf.Variable;
  let clone: tf.Tensor;

  beforeEach(async () => {
    await useBackend('cpu');
    w = variable('w', { data: [1, 1, 1, 1], shape: [2, 2] });
    clone = w.clone();
  });

  afterEach(() => clone.dispose());

  it.each(Object.keys(optimizers) as (keyof typeof optimizers)[])(
    'is changed by a step of %s, and its clone is not',
    async (name) => {
      await useBackend(backend);
      const optimizer = optimizers[name]();
      const ones = tf.ones([2, 2]);
      optimizer.applyGradients({ w: ones });
      await expectTensorClose(w, [0.9, 0.9, 0.9, 0.9]);
      expect(await numbers(clone)).toEqual([1, 1, 1, 1]);
      tf.dispose(ones);
      optimizer.dispose();
    },
  );

  it.each(Object.keys(rowOptimizers) as (keyof typeof rowOptimizers)[])(
    'is changed by a step of %s, and its clone is not',
    async (name) => {
      await useBackend(backend);
      const optimizer = rowOptimizers[name]();
      const rows = tf.ones([1, 2]);
      await optimizer.applyGradients({ w: { indices: Int32Array.of(1), rows } });
      await expectTensorClose(w, [1, 1, 0.9, 0.9]);
      expect(await numbers(clone)).toEqual([1, 1, 1, 1]);
      rows.dispose();
      optimizer.dispose();
    },
  );

  it('keeps its average', async () => {
    const average = new ExponentialMovingAverage(0.5);
    average.update([w]);
    await useBackend(backend);
    const optimizer = new SGD({ learningRate });
    const ones = tf.ones([2, 2]);
    optimizer.applyGradients({ w: ones });
    average.swap();
    expect(await numbers(w)).toEqual([1, 1, 1, 1]);
    ones.dispose();
    optimizer.dispose();
    average.dispose();
  });
});
