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
      const values = Float32Array.from({ length: 3 * count }, (_, i) => (i * 7) % 5);
      const x = tf.tensor2d(values, [count, 3]);
      const y = tf.softmax(x);
      const data = await y.data();
      const sums = Array.from({ length: count }, (_, row) =>
        data.subarray(3 * row, 3 * row + 3).reduce((sum, value) => sum + value, 0),
      );
      expect(sums.filter((sum) => Math.abs(sum - 1) > 1e-5)).toEqual([]);
      tf.dispose([x, y]);
    },
  );

  it('of one number are the first', async () => {
    await expectTensorClose(tf.linspace(3, 9, 1), [3]);
    await expectTensorClose(tf.linspace(3, 9, 3), [3, 6, 9]);
  });
});
