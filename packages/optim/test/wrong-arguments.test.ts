import { DTypeError } from '@neverend/backend';
import { describeBackends, expectArgumentsNamed, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as optim from '../src/index.ts';

const ofAll = { learningRate: 0.1, weightDecay: 0.1, groups: [] };
const rows = () => ({ indices: Int32Array.of(0), rows: tf.ones([1, 3]) });
const table = () => tf.variable(tf.ones([2, 3]), true, 'w');
const storage = () => ({ tables: { w: table() }, stateStore: optim.variableRows });
const ofRows = () => ({ learningRate: 0.1, weightDecay: 0.1, ...storage() });
const schedule = { peak: 1, warmupSteps: 1, totalSteps: 2, final: 0.1 };
const state = (...keys: string[]) => ({
  iter: tf.scalar(1, 'int32'),
  ...Object.fromEntries(keys.map((key) => [`w/${key}`, tf.ones([2, 3])])),
});

/** Works with an optimiser, and frees it. */
const using = async <T extends { dispose(): void }>(of: T, work: (of: T) => unknown) => {
  try {
    await work(of);
  } finally {
    of.dispose();
  }
};
const rate = { learningRate: 0.1 };

type Example = readonly [call: (...args: never[]) => unknown, good: () => object];

/** Every public class, method and function with arguments that can be wrong, and arguments that are right. */
const examples: Readonly<Record<string, Example>> = {
  AdamW: [
    (options: optim.AdamWOptions) => void new optim.AdamW(options),
    () => ({ options: { ...ofAll, beta1: 0.9, beta2: 0.9, epsilon: 1e-8 } }),
  ],
  Lion: [
    (options: optim.LionOptions) => void new optim.Lion(options),
    () => ({ options: { ...ofAll, beta1: 0.9, beta2: 0.9 } }),
  ],
  SGD: [
    (options: optim.SGDOptions) => void new optim.SGD(options),
    () => ({ options: { ...ofAll, momentum: 0.9, nesterov: true, decoupled: true } }),
  ],
  'a group': [
    (options: optim.ParameterGroup) => void new optim.SGD({ ...rate, groups: [options] }),
    () => ({ options: { match: () => true, learningRateScale: 1, weightDecay: 0.1 } }),
  ],
  setLearningRate: [
    (learningRate: number) => new optim.SGD(rate).setLearningRate(learningRate),
    () => ({ learningRate: 0.1 }),
  ],
  applyGradients: [
    (_: tf.Variable, gradients: tf.NamedTensorMap) =>
      using(new optim.AdamW(rate), (of) => of.applyGradients(gradients)),
    () => ({ variable: table(), gradients: { w: tf.ones([2, 3]) } }),
  ],
  restore: [
    (given: optim.NamedState) => using(new optim.AdamW(rate), (of) => of.restore(given)),
    () => ({ state: state('m', 'v') }),
  ],
  setWeights: [
    (weights: optim.NamedTensor[]) => using(new optim.AdamW(rate), (of) => of.setWeights(weights)),
    () => ({ weights: [{ name: 'iter', tensor: tf.scalar(1, 'int32') }] }),
  ],
  ExponentialMovingAverage: [
    (decay: number) => void new optim.ExponentialMovingAverage(decay),
    () => ({ decay: 0.9 }),
  ],
  'update of averages': [
    (variables: tf.Variable[]) =>
      using(new optim.ExponentialMovingAverage(0.9), (of) => of.update(variables)),
    () => ({ variables: [] }),
  ],
  'restore of averages': [
    (given: optim.NamedState) =>
      using(new optim.ExponentialMovingAverage(0.9), (of) => of.restore(given)),
    () => ({ state: state('average') }),
  ],
  RowSGD: [
    (options: optim.RowOptimizerSettings) => void new optim.RowSGD(options),
    () => ({ options: ofRows() }),
  ],
  RowAdagrad: [
    (options: optim.RowAdagradOptions) => void new optim.RowAdagrad(options),
    () => ({ options: { ...ofRows(), epsilon: 1e-10, initialSum: 0.1, per: 'row' } }),
  ],
  LazyAdam: [
    (options: optim.LazyAdamOptions) => void new optim.LazyAdam(options),
    () => ({ options: { ...ofRows(), beta1: 0.9, beta2: 0.9, epsilon: 1e-8, catchUp: true } }),
  ],
  'applyGradients of rows': [
    (_: tf.Variable, gradients: Record<string, optim.RowGradient>) =>
      using(new optim.RowSGD(rate), (of) => of.applyGradients(gradients)),
    () => ({ variable: table(), gradients: { w: rows() } }),
  ],
  RowMovingAverage: [
    (decay: number, options: optim.RowStorageSettings) =>
      void new optim.RowMovingAverage(decay, options),
    () => ({ decay: 0.9, options: storage() }),
  ],
  beforeStep: [
    (_: tf.Variable, touched: Record<string, tf.Tensor>) =>
      using(new optim.RowMovingAverage(0.9), (of) => of.beforeStep(touched)),
    () => ({ variable: table(), touched: { w: tf.tensor1d([0], 'int32') } }),
  ],
  globalNorm: [optim.globalNorm, () => ({ grads: { a: tf.ones([2]), w: rows() } })],
  clipByGlobalNorm: [
    optim.clipByGlobalNorm,
    () => ({ grads: { a: tf.ones([2]), w: rows() }, maxNorm: 1 }),
  ],
  mergeRows: [optim.mergeRows, () => ({ gradient: rows() })],
  variableRows: [(of: tf.Variable) => void optim.variableRows(of), () => ({ table: table() })],
  warmupCosine: [
    (options: optim.WarmupCosineOptions) => void optim.warmupCosine(options),
    () => ({ options: schedule }),
  ],
  'a schedule': [(step: number) => void optim.warmupCosine(schedule)(step), () => ({ step: 1 })],
};

await describeBackends('a wrong argument', () => {
  // A gradient that is null is none, and which variable an example has is no argument.
  it.each(Object.entries(examples))('of %s is named', (_, [call, good]) =>
    expectNoLeak(() => expectArgumentsNamed(call, good, ['variable'])),
  );

  it('is a variable of integers, by its name, and what is in a list', async () => {
    await expectNoLeak(() =>
      tf.tidy(() => {
        const counts = tf.variable(tf.ones([2], 'int32'), true, 'counts');
        for (const Optimizer of [optim.AdamW, optim.Lion, optim.SGD]) {
          const of = new Optimizer(rate);
          const cost = () => tf.sum(tf.cast(counts, 'float32')) as tf.Scalar;
          for (const step of [
            () => of.minimize(cost, false, [counts]),
            () => of.applyGradients({ counts: tf.ones([2]) }),
          ]) {
            expect(step).toThrow(
              new DTypeError('the variable "counts" was int32; it must be float32'),
            );
          }
          of.dispose();
        }
        const averages = new optim.ExponentialMovingAverage(0.9);
        expect(() => averages.update([null as never])).toThrow(
          new TypeError('variables[0] was null; it must be a variable'),
        );
        expect(() => averages.update([tf.ones([1]) as tf.Variable])).toThrow(
          new TypeError('variables[0] was a tensor; it must be a variable'),
        );
        counts.dispose();
      }),
    );
  });
});
