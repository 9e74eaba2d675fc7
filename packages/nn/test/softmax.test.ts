import { DTypeError, randomKey, ShapeError } from '@neverend/backend';
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
import { softmax } from '../src/index.ts';
import { softmaxBackwardNaive, softmaxNaive } from '../src/softmax/naive.ts';

await describeBackends('softmax', (backend) => {
  for (const shape of [[1], [7], [5, 1], [3, 5], [2, 3, 66], [4, 197]]) {
    it(`has the reference's output and gradient for x [${shape}]`, async () => {
      poisonMemory();
      const width = shape.at(-1) ?? 1;
      const x = normalInput(randomKey('x'), shape, 3);
      const dy = normalInput(randomKey('dy'), shape);
      await expectLikeReference({
        op: (tensors) => softmax(tensors['x'] as tf.Tensor),
        inputs: { x },
        dy,
        y: softmaxNaive(x.data, width),
        gradients: { x: softmaxBackwardNaive(x.data, dy.data, width) },
        tolerance: tolerances[backend],
      });
    });
  }

  it('overflows nowhere, and gives even shares to equal numbers', async () => {
    const x = tf.tensor2d([
      [1e4, -1e4, 0],
      [1e30, 1e30, -1e30],
    ]);
    const y = softmax(x);
    await expectTensorClose(y, [1, 0, 0, 0.5, 0.5, 0]);
    tf.dispose([x, y]);
  });

  it('gives even shares to the lowest numbers that there are, and NaN to a row with NaN in it', async () => {
    const lowest = -3.4028234663852886e38;
    const x = tf.tensor2d([
      [lowest, lowest],
      [Number.NEGATIVE_INFINITY, lowest],
      [1, Number.NaN],
    ]);
    const y = softmax(x);
    const even = tf.slice(y, [0, 0], [2, 2]);
    await expectTensorClose(even, [0.5, 0.5, 0, 1]);
    expect([...(await y.data())].slice(4)).toEqual([Number.NaN, Number.NaN]);
    tf.dispose([x, y, even]);
  });
});

describe('the argument of softmax', () => {
  it('is refused when it is not float32, or has no axis', () => {
    tf.tidy(() => {
      expect(() => softmax(tf.zeros([2], 'int32'))).toThrow(
        new DTypeError('x was int32; it must be float32'),
      );
      expect(() => softmax(tf.scalar(1))).toThrow(new ShapeError('x was []; it must be [..., D]'));
    });
  });
});
