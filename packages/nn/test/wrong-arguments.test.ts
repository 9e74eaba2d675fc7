import { randomKey } from '@neverend/backend';
import { describeBackends, expectArgumentsNamed, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as nn from '../src/index.ts';

const key = randomKey(1);
const dropout = { rate: 0.5, key };

/** Every public function with arguments that can be wrong, and arguments that are right. */
const functions = {
  dropout: () => ({ x: tf.ones([2, 3]), dropout }),
  dropoutFactors: () => ({ n: 2, dropout }),
  dropoutNumbers: () => ({ rate: 0.5 }),
  gatherRows: () => ({ table: tf.ones([2, 3]), indices: tf.tensor1d([1], 'int32') }),
  gelu: () => ({ x: tf.ones([2, 3]), options: { form: 'erf', bias: tf.ones([3]) } }),
  initLinear: () => ({ key, inputWidth: 2, outputWidth: 3, options: { variance: 1 } }),
  normal: () => ({ key, shape: [2, 3], deviation: 1 }),
  xavierUniform: () => ({ key, shape: [2, 3], fanIn: 2, fanOut: 3 }),
  layerNorm: () => ({ x: tf.ones([2, 3]), scale: tf.ones([3]), bias: tf.ones([3]), eps: 1e-6 }),
  linear: () => ({
    ...{ x: tf.ones([2, 3]), kernel: tf.ones([3, 4]), bias: tf.ones([4]) },
    options: { activation: 'gelu', residual: tf.ones([2, 4]) },
  }),
  normLinear: () => ({
    x: tf.ones([2, 3]),
    norm: { scale: tf.ones([3]), bias: tf.ones([3]), eps: 1e-6 },
    layers: [{ kernel: tf.ones([3, 4]), bias: tf.ones([4]), activation: 'gelu' }],
  }),
  normOf: () => ({
    x: tf.ones([2, 3]),
    norm: { scale: tf.ones([3]), bias: tf.ones([3]), eps: 1e-6 },
  }),
  subtree: () => ({ tree: {}, prefix: 'a/' }),
  withPrefix: () => ({ tree: {}, prefix: 'a/' }),
  rmsNorm: () => ({ x: tf.ones([2, 3]), scale: tf.ones([3]), options: { eps: 1e-6, offset: 1 } }),
  sumRows: () => ({ x: tf.ones([2, 3]) }),
  scatterAddRows: () => ({
    table: tf.variable(tf.ones([2, 3])),
    ...{ indices: tf.tensor1d([1], 'int32'), rows: tf.ones([1, 3]) },
  }),
  setRows: () => ({
    table: tf.ones([2, 3]),
    ...{ indices: tf.tensor1d([1], 'int32'), rows: tf.ones([1, 3]) },
  }),
  softmax: () => ({ x: tf.ones([2, 3]) }),
  variablesOf: () => ({ params: { a: tf.ones([3]) }, scope: 'wrong/' }),
} satisfies Partial<Record<keyof typeof nn, () => object>>;

const all = { ...nn };

await describeBackends('a wrong argument', () => {
  it.each(Object.keys(functions) as (keyof typeof functions)[])('of %s is named', (name) =>
    expectNoLeak(() => expectArgumentsNamed(all[name], functions[name])),
  );

  it('is a key that says nothing, a tensor in the place of a table, a text for a rate', () => {
    tf.tidy(() => {
      const x = tf.ones([2, 3]);
      const none = 'it must be a key, such as randomKey(seed)';
      expect(() => nn.dropout(x, { rate: 0.5, key: 7 as never })).toThrow(
        new TypeError(`dropout.key was 7; ${none}`),
      );
      expect(() => nn.dropout(x, { rate: 0.5 } as never)).toThrow(
        new TypeError(`dropout.key was undefined; ${none}`),
      );
      expect(() => nn.dropoutAt({ rate: 0.5 } as never, 'here')).toThrow(
        new TypeError(`dropout.key was undefined; ${none}`),
      );
      expect(() => nn.initLinear(7 as never, 2, 3)).toThrow(new TypeError(`key was 7; ${none}`));
      expect(() => nn.dropout(x, { rate: '0.5' as never, key })).toThrow(
        new RangeError('dropout.rate was "0.5"; it must be at least 0 and below 1'),
      );
      const row = [tf.tensor1d([0], 'int32'), tf.ones([1, 3])] as const;
      expect(() => nn.scatterAddRows(x as tf.Variable, ...row)).toThrow(
        new TypeError('table was a tensor; it must be a variable [N, D]'),
      );
    });
  });
});
