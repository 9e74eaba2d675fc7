import { describeBackends } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { topK } from '../src/index.ts';

await describeBackends('topK', () => {
  it('has the likeliest classes of each row first, and the smaller index of equal ones', async () => {
    // Probabilities of 1, 2, 1 and 4 eighths; and all alike.
    const logits = tf.tensor2d([0, Math.log(2), 0, Math.log(4), 3, 3, 3, 3], [2, 4]);
    const [first, second] = await topK(logits, 3, ['a', 'b', 'c', 'd']);
    expect(first?.map(({ name, index }) => [name, index])).toEqual([
      ['d', 3],
      ['b', 1],
      ['a', 0],
    ]);
    for (const [at, expected] of [4 / 8, 2 / 8, 1 / 8].entries()) {
      expect(first?.[at]?.probability).toBeCloseTo(expected, 6);
    }
    expect(second?.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(await topK(logits, 9)).toMatchObject([{ length: 4 }, { length: 4 }]);
    logits.dispose();
  });
});
