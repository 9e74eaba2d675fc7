import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  poisonMemory,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { rgLruGates } from '../../src/rg-lru-gates/index.ts';
import { gateShapes, gatesCase } from './gates-case.ts';

await describeBackends('the gates of the RG-LRU', (backend) => {
  for (const shape of gateShapes) {
    it(`of [${shape}] have the reference's output and gradients`, async () => {
      poisonMemory();
      await expectLikeReference(gatesCase(shape, tolerances[backend]));
    });
  }

  it('let a step that begins a sequence take x by its input gate alone', async () => {
    const inputs = {
      x: tf.tensor3d([3, 3], [2, 1, 1]),
      // Sigmoids of 1/2 and 1/4.
      inputGate: tf.zeros([2, 1, 1]),
      recurrenceGate: tf.fill([2, 1, 1], -Math.log(3)),
      aParam: tf.zeros([1]),
      reset: tf.tensor1d([1, 0]),
    };
    const { a, gated } = rgLruGates(inputs);
    // a = exp(-8 / 4 ln 2) = 1/4.
    await expectTensorClose(a, [0, 1 / 4], tolerances[backend]);
    const root = Math.sqrt(1 - 1 / 16);
    await expectTensorClose(gated, [3 / 2, (root * 3) / 2], tolerances[backend]);
    tf.dispose([inputs, a, gated]);
  });
});
