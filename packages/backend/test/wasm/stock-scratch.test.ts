import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/index.ts';

describe('a filter over a whole long column has room', () => {
  beforeAll(() => useBackend('wasm'));
  const length = 65_537;
  const x = () => tf.ones([1, length, 1, 2]) as tf.Tensor4D;

  it('as a mean', async () => {
    expect([...(await tf.avgPool(x(), [length, 1], 1, 'valid').data())]).toEqual([1, 1]);
  });

  it('as a maximum', async () => {
    expect([...(await tf.maxPool(x(), [length, 1], 1, 'valid').data())]).toEqual([1, 1]);
  });

  it('as a convolution', async () => {
    const filter = tf.ones([length, 1, 2, 1]) as tf.Tensor4D;
    expect([...(await tf.conv2d(x(), filter, 1, 'valid').data())]).toEqual([2 * length]);
  });
});
