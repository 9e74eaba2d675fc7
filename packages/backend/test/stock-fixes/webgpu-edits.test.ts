// In a process of its own: it takes kernels as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, expectTensorClose, poisonMemory } from '../../src/testing/index.ts';

await describeBackends('programs', () => {
  // More than a dispatch has groups, and no multiple of its rectangle.
  it.each([65_537, 70_001])(
    'of a softmax of %d rows leave its last number alone',
    async (count) => {
      poisonMemory();
      const x = tf.tensor2d(new Float32Array(2 * count).fill(1), [count, 2]);
      const y = tf.softmax(x);
      const data = await y.data();
      expect(data.every((value) => Math.abs(value - 0.5) < 1e-6)).toBe(true);
      tf.dispose([x, y]);
    },
  );

  it('of one number are the first', async () => {
    await expectTensorClose(tf.linspace(3, 9, 1), [3]);
    await expectTensorClose(tf.linspace(3, 9, 3), [3, 6, 9]);
  });
});
