import { randomKey } from '@neverend/backend';
import { describeBackends, expectSecondGradients, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { crossEntropy } from '../../src/language-model/cross-entropy.ts';

await describeBackends('cross-entropy', () => {
  it('has second gradients', async () => {
    const logits = randomTensor(randomKey('logits'), [3, 5]);
    const op = (x: tf.Tensor) => crossEntropy(x, tf.tensor1d([4, 0, 2], 'int32'));
    await expectSecondGradients(op, [logits]);
    logits.dispose();
  });
});
