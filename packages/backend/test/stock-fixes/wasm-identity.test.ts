// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, expectNoLeak, expectTensorClose } from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

// As TensorFlow.js registers it, before any backend is started.
const stock = tf.getKernel('Identity', 'wasm');

await describeBackends('clones', () => {
  it('have the data of their tensor, where those of stock are copies', async () => {
    await expectNoLeak(async () => {
      const x = tf.tensor1d([1, 2, 3]);
      const [ours, theirs] = [tf.clone(x), withKernel(stock, () => tf.clone(x))];
      expect(ours.dataId).toBe(x.dataId);
      expect(theirs.dataId).not.toBe(x.dataId);
      x.dispose();
      for (const clone of [ours, theirs]) {
        await expectTensorClose(clone, [1, 2, 3]);
        clone.dispose();
      }
    });
  });

  it('keep for a gradient what was there in the forward pass', async () => {
    const table = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
    const { value, grads } = tf.variableGrads(() => {
      const y = tf.sum(tf.square(table)) as tf.Scalar;
      table.assign(tf.zeros([2, 2]));
      return y;
    });
    await expectTensorClose(value, [30]);
    await expectTensorClose(grads[table.name] as tf.Tensor, [2, 4, 6, 8]);
  });

  it('of strings are as they were', async () => {
    const clone = tf.clone(tf.tensor1d(['a', 'b']));
    expect(await clone.data()).toEqual(['a', 'b']);
  });
}, ['wasm']);
