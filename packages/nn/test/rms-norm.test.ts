import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  normalInput,
  poisonMemory,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { rmsNorm } from '../src/index.ts';
import { rmsNormBackwardNaive, rmsNormNaive } from '../src/rms-norm/naive.ts';

await describeBackends('rmsNorm', (backend) => {
  for (const shape of [[4], [1, 6], [7, 5], [2, 3, 8], [3, 2, 2, 17], [96, 12]]) {
    for (const offset of [0, 1]) {
      it(`has the reference's output and gradients for x [${shape}] and offset ${offset}`, async () => {
        poisonMemory();
        const options = { eps: 1e-6, offset };
        const inputs = {
          x: normalInput(randomKey('x'), shape, 2, 1),
          scale: normalInput(randomKey('scale'), [shape.at(-1) ?? 1], 0.3, 1 - offset),
        };
        const dy = normalInput(randomKey('dy'), shape);
        const arrays = { x: inputs.x.data, scale: inputs.scale.data };
        await expectLikeReference({
          op: ({ x, scale }) => rmsNorm(x as tf.Tensor, scale as tf.Tensor, options),
          inputs,
          dy,
          y: rmsNormNaive(arrays, options),
          gradients: { ...rmsNormBackwardNaive(arrays, options, dy.data) },
          tolerance: tolerances[backend],
        });
      });
    }
  }

  it('gives zero for zeros, and a finite gradient', async () => {
    const [x, scale] = [tf.zeros([2, 3]), tf.ones([3])];
    const y = rmsNorm(x, scale);
    const dx = tf.grad((input: tf.Tensor) => rmsNorm(input, scale))(x);
    await expectTensorClose(y, [0, 0, 0, 0, 0, 0]);
    // 1 / sqrt(eps).
    await expectTensorClose(dx, [1e3, 1e3, 1e3, 1e3, 1e3, 1e3]);
    tf.dispose([x, scale, y, dx]);
  });
});

describe('the arguments of rmsNorm', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      expect(() => rmsNorm(tf.zeros([2, 4]), tf.ones([3]))).toThrow(
        new ShapeError('scale was [3]; it must be [4]'),
      );
      for (const eps of [-1e-6, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => rmsNorm(tf.zeros([2, 4]), tf.ones([4]), { eps })).toThrow(
          new RangeError(`eps was ${eps}; it must be a finite number >= 0`),
        );
      }
    });
  });
});
