import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectSecondGradients,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, it } from 'vitest';
import { encoderBlock, initEncoderBlock, scaledDotProductAttention } from '../src/index.ts';

await describeBackends('gradients of gradients', () => {
  beforeAll(() => poisonMemory());

  it.each([{}, { causal: true }])('scaledDotProductAttention %o', async (options) => {
    const inputs = ['q', 'k', 'v'].map((name) => randomTensor(randomKey(name), [2, 4, 2, 3]));
    const op = (...qkv: tf.Tensor[]) =>
      scaledDotProductAttention(...(qkv as [tf.Tensor, tf.Tensor, tf.Tensor]), options);
    await expectSecondGradients(op, inputs);
    tf.dispose(inputs);
  });

  it('scaledDotProductAttention with a learned mask', async () => {
    const inputs = ['q', 'k', 'v'].map((name) => randomTensor(randomKey(name), [1, 3, 2, 3]));
    const mask = randomTensor(randomKey('mask'), [1, 2, 3, 3]);
    const op = (...[q, k, v, added]: tf.Tensor[]) =>
      scaledDotProductAttention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, {
        mask: added as tf.Tensor,
      });
    await expectSecondGradients(op, [...inputs, mask]);
    tf.dispose([inputs, mask]);
  });

  it('encoderBlock', async () => {
    const params = initEncoderBlock(randomKey(1), { width: 4, heads: 2, mlpWidth: 6 });
    const names = Object.keys(params);
    const x = randomTensor(randomKey('x'), [2, 3, 4]);
    const op = (...[first, ...rest]: tf.Tensor[]) =>
      encoderBlock(
        first as tf.Tensor,
        Object.fromEntries(names.map((name, index) => [name, rest[index] as tf.Tensor])),
        { heads: 2 },
      );
    await expectSecondGradients(op, [x, ...Object.values(params)]);
    tf.dispose([x, params]);
  });
});
