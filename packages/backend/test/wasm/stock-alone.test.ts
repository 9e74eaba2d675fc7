import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useBackend } from '../../src/index.ts';
import { withoutStockThreads } from '../../src/wasm/stock-alone.ts';

const threadsOfStock = (): number => {
  const { wasm } = tf.backend() as unknown as {
    wasm: { tfjs: { getThreadsCount(): number } };
  };
  return wasm.tfjs.getThreadsCount();
};

it('TensorFlow.js computes on this thread alone, with the same numbers, and then on all again', async () => {
  await useBackend('wasm', { threads: 2 });
  expect(threadsOfStock()).toBe(2);
  const compute = () =>
    tf.tidy(() => {
      const x = tf.reshape(tf.range(0, 4096), [1, 64, 64, 1]) as tf.Tensor4D;
      const y = tf.conv2d(x, tf.ones<tf.Rank.R4>([3, 3, 1, 2]), 1, 'same');
      return tf.softmax(tf.mul(tf.add(y, tf.ones([64, 2])), 1e-3)).dataSync();
    });
  const expected = compute();
  const work = (): unknown =>
    withoutStockThreads(tf.backend(), () => {
      expect(threadsOfStock()).toBe(-1);
      expect(compute()).toEqual(expected);
      // One comparison may run within another.
      withoutStockThreads(tf.backend(), compute);
      expect(threadsOfStock()).toBe(-1);
      throw new Error('it fails');
    });
  for (let times = 0; times < 2; times++) {
    expect(work).toThrow('it fails');
    expect(threadsOfStock()).toBe(2);
  }
  expect(compute()).toEqual(expected);
});

it('a backend without threads just works', () => {
  const backend = new tf.KernelBackend();
  expect(withoutStockThreads(backend, () => 3)).toBe(3);
});
