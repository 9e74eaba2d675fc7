import { DTypeError, randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectTensorClose,
  poisonMemory,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { geluBackwardNaive, geluNaive } from '../src/gelu/naive.ts';
import { gelu } from '../src/index.ts';
import { expectLikeReference, normalInput } from './op-case.ts';

await describeBackends('gelu', (backend) => {
  for (const shape of [[], [1], [7], [3, 5], [2, 3, 4], [64, 33]]) {
    it(`has the reference's output and gradient for x [${shape}]`, async () => {
      poisonMemory();
      const x = normalInput(randomKey('x'), shape, 2);
      const dy = normalInput(randomKey('dy'), shape);
      await expectLikeReference({
        op: (tensors) => gelu(tensors['x'] as tf.Tensor),
        inputs: { x },
        dy,
        y: geluNaive(x.data),
        gradients: { x: geluBackwardNaive(x.data, dy.data) },
        tolerance: tolerances[backend],
      });
    });
  }

  it('stays finite far from zero, forward and backward', async () => {
    const x = tf.tensor1d([-1e4, -100, -10, 0, 10, 100, 1e4]);
    const y = gelu(x);
    const dx = tf.grad(gelu)(x);
    await expectTensorClose(y, [0, 0, 0, 0, 10, 100, 1e4]);
    await expectTensorClose(dx, [0, 0, 0, 0.5, 1, 1, 1]);
    tf.dispose([x, y, dx]);
  });
});

describe('the argument of gelu', () => {
  it('is refused when it is not float32', () => {
    tf.tidy(() => {
      expect(() => gelu(tf.zeros([2], 'int32'))).toThrow(
        new DTypeError('x was int32; it must be float32'),
      );
    });
  });
});
