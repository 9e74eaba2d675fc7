import { ShapeError, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import {
  neverendAttentionPooling,
  neverendClassToken,
  neverendCrossAttention,
  neverendMlp,
  neverendScaledDotProductAttention,
  neverendSpaceAttention,
  neverendTokenPooling,
} from '../src/register.ts';

beforeAll(() => useBackend('cpu'));

it('a mask is an error where it hides nothing', () => {
  const [x, mask] = [tf.ones([2, 3, 4]), tf.ones([2, 3])];
  const heads = tf.ones([2, 3, 2, 2]);
  for (const [layer, inputs, masks] of [
    [neverendTokenPooling(), x, mask],
    [neverendClassToken(), x, mask],
    [neverendCrossAttention({ heads: 2 }), [x, x], mask],
    [neverendCrossAttention({ heads: 2 }), [x, x], [null, mask]],
    [neverendScaledDotProductAttention(), [heads, heads, heads], mask],
  ] as const) {
    expect(() => layer.apply(inputs as tf.Tensor, { mask: masks })).toThrow(
      /^the layer ".*" was given a mask; Neverend.* takes none, and would count what is masked$/,
    );
  }
  for (const make of [
    () => neverendSpaceAttention({ heads: 2, name: 'it' }),
    () => neverendAttentionPooling({ heads: 2, mlpWidth: 3, name: 'it' }),
  ]) {
    expect(() => make().apply(x, { mask: tf.ones([2, 4]) })).toThrow(
      new ShapeError('mask of the layer "it" was [2, 4]; it must be [2, 3]'),
    );
  }
});

it('a mask ends where tokens are pooled', () => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.masking({ inputShape: [3, 4] }),
      neverendAttentionPooling({ heads: 2, mlpWidth: 3 }),
      neverendMlp({ mlpWidth: 3 }),
    ],
  });
  expect((model.predict(tf.ones([2, 3, 4])) as tf.Tensor).shape).toEqual([2, 4]);
});

it('a mask of pooling has the axes that those of other layers have', () => {
  const layer = neverendAttentionPooling({ heads: 2, mlpWidth: 3 });
  const x = tf.tensor3d(
    Array.from({ length: 24 }, (_, index) => Math.sin(index * index)),
    [2, 3, 4],
  );
  const pooled = (tokens: tf.Tensor, ...mask: readonly tf.Tensor[]) =>
    Array.from((layer.apply([tokens, ...mask]) as tf.Tensor).dataSync());
  const short = pooled(tf.slice(x, 0, [2, 2, 4]));
  const mask = tf.tensor2d([1, 1, 0, 1, 1, 0], [2, 3], 'bool');
  for (const shape of [
    [2, 3],
    [2, 1, 3],
    [2, 1, 1, 3],
  ]) {
    const made = pooled(x, tf.reshape(mask, shape));
    short.forEach((number, index) => {
      expect(made[index]).toBeCloseTo(number, 5);
    });
  }
  expect(() => pooled(x, tf.ones([2, 3, 3], 'bool'))).toThrow(
    new ShapeError('mask was [2, 1, 3, 3]; it must broadcast to [2, 2, 1, 3]'),
  );
});
