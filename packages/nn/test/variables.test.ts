import { describeBackends, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { variablesOf } from '../src/index.ts';

await describeBackends('variables of parameters', () => {
  it('have their values, and are in the order of their names', async () => {
    await expectNoLeak(async () => {
      const params = { b: tf.tensor1d([1, 2]), 'a/kernel': tf.scalar(3), a: tf.scalar(4) };
      const variables = variablesOf(params, 'nn-variables/');
      tf.dispose(Object.values(params));
      expect(Object.entries(variables).map(([name, { name: of }]) => [name, of])).toEqual([
        ['a', 'nn-variables/a'],
        ['a/kernel', 'nn-variables/a/kernel'],
        ['b', 'nn-variables/b'],
      ]);
      expect([...(await (variables['b'] as tf.Variable).data())]).toEqual([1, 2]);
      tf.dispose(variables);
    });
  });

  it('leave nothing where one of them throws', async () => {
    await expectNoLeak(() => {
      const params = { a: tf.scalar(1), b: tf.scalar(2) };
      const before = tf.memory().numTensors;
      const first = variablesOf({ b: params.b }, 'nn-variables/');
      expect(() => variablesOf(params, 'nn-variables/')).toThrow('nn-variables/b');
      tf.dispose(first);
      expect(tf.memory().numTensors).toBe(before);
      // The name of the one that was made is free again.
      tf.dispose(variablesOf(params, 'nn-variables/'));
      tf.dispose(Object.values(params));
    });
  });
});
