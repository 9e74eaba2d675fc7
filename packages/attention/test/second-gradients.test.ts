import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectClose,
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

  it('of what is hidden are as if it held other numbers', async () => {
    const [q, k, v] = ['q', 'k', 'v'].map((name) =>
      randomTensor(randomKey(name), [1, 5, 2, 3]),
    ) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const early = tf.slice(q, [0, 0, 0, 0], [1, 3, 2, 3]);
    const sees = tf.tensor2d([[1, 1, 0, 1, 0]], undefined, 'bool');
    // Hidden are keys 2 and 4, then the keys after the third query.
    const hidden = [
      { q, options: { keyMask: sees }, at: [2, 4] },
      { q, options: { mask: sees }, at: [2, 4] },
      { q: early, options: { causal: true }, at: [3, 4] },
    ];
    for (const { q, options, at } of hidden) {
      const second = (value: number) => {
        const spoilt = tf.tensor4d(
          Array.from({ length: 30 }, (_, i) => (at.includes(Math.floor(i / 6)) ? 1 : 0)),
          [1, 5, 2, 3],
          'bool',
        );
        const inputs = [q, tf.where(spoilt, value, k), tf.where(spoilt, value, v)];
        const attend = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
          tf.sum(tf.square(scaledDotProductAttention(q, k, v, options)));
        const squares = (...qkv: tf.Tensor[]) =>
          tf.addN(
            tf
              .grads(attend as never)(qkv)
              .map((slope) => tf.sum(tf.square(slope))),
          ) as tf.Scalar;
        return tf.concat(
          tf
            .grads(squares)(inputs)
            .map((slope) => tf.reshape(slope, [-1])),
        );
      };
      const should = await tf.tidy(() => second(0.5)).data();
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        expectClose(await tf.tidy(() => second(value)).data(), should, { rtol: 1e-5, atol: 1e-6 });
      }
    }
    tf.dispose([q, k, v, early, sees]);
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
