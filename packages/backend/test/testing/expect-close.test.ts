import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  describeBackends,
  expectClose,
  expectCloseToScale,
  expectTensorClose,
} from '../../src/testing/index.ts';

const tolerance = { rtol: 0.1, atol: 0.5 };

describe('expectClose', () => {
  it('takes numbers within atol + rtol * |expected|', () => {
    expectClose([1.59, -11.4, 0.5], [1, -10, 0], tolerance);
    expectClose([Number.POSITIVE_INFINITY], [Number.POSITIVE_INFINITY], tolerance);
    expectClose(Float32Array.of(0.1), [0.1]);
    expectClose([], []);
  });

  it('names the worst number, and how many are off', () => {
    expect(() => expectClose([1, 5, 12, 3], [1, 3, 9, 3], tolerance)).toThrow(
      '2 of 4 numbers are off; worst at [1]: got 5, expected 3, difference 2 (rtol 0.1, atol 0.5)',
    );
  });

  it('refuses NaN on either side, infinities that differ, and another length', () => {
    expect(() => expectClose([Number.NaN], [0], tolerance)).toThrow('got NaN, expected 0');
    expect(() => expectClose([Number.NaN], [Number.NaN], tolerance)).toThrow('expected[0] is NaN');
    const infinity = Number.POSITIVE_INFINITY;
    expect(() => expectClose([-infinity], [infinity], tolerance)).toThrow('1 of 1');
    expect(() => expectClose([1e300], [infinity], tolerance)).toThrow('1 of 1');
    expect(() => expectClose([infinity], [1], tolerance)).toThrow('1 of 1');
    expect(() => expectClose([1, 2], [1], tolerance)).toThrow('got 2 numbers; 1 were expected');
  });

  it('takes no difference at a tolerance of zero', () => {
    const exact = { rtol: 0, atol: 0 };
    expectClose([1], [1], exact);
    expect(() => expectClose([1 + 1e-15], [1], exact)).toThrow('1 of 1');
  });
});

await describeBackends('expectTensorClose', () => {
  it('takes the result of a product, and not one that is off by a thousandth', async () => {
    const product = tf.tidy(() => tf.matMul(tf.fill([2, 100], 0.1), tf.fill([100, 2], 0.3)));
    await expectTensorClose(product, [3, 3, 3, 3]);
    await expectTensorClose(product, { shape: [2, 2], data: [3, 3, 3, 3] });
    await expect(expectTensorClose(product, [3, 3, 3, 3.003])).rejects.toThrow('1 of 4');
    product.dispose();
  });

  it('holds the shape against the expected one', async () => {
    const tensor = tf.zeros([2, 3]);
    const expected = { shape: [3, 2], data: [0, 0, 0, 0, 0, 0] };
    await expect(expectTensorClose(tensor, expected)).rejects.toThrow(
      'got a tensor of shape [2,3]; [3,2] was expected',
    );
    tensor.dispose();
  });

  it('wants integers equal', async () => {
    const tensor = tf.tensor1d([1_000_000], 'int32');
    await expectTensorClose(tensor, [1_000_000]);
    await expect(expectTensorClose(tensor, [1_000_001])).rejects.toThrow('1 of 1');
    tensor.dispose();
  });
});

await describeBackends('expectCloseToScale', () => {
  it('takes what is off by a part of the largest expected number, and names the tensor that is off by more', async () => {
    const tensor = tf.tensor1d([1, -1000]);
    await expectCloseToScale('y', tensor, { shape: [2], data: [1.9, -1000] }, 1e-3);
    await expect(
      expectCloseToScale('y', tensor, { shape: [2], data: [2.1, -1000] }, 1e-3),
    ).rejects.toThrow('y: 1 of 2 numbers are off; worst at [0]');
    tensor.dispose();
  });
});
