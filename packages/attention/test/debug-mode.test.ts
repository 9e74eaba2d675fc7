// In a process of its own: it turns the debug mode of TensorFlow.js on.
import { describeBackends, expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, it, vi } from 'vitest';
import { type AttentionOptions, scaledDotProductAttention } from '../src/index.ts';

await describeBackends("scaledDotProductAttention in TensorFlow.js' debug mode", () => {
  const bool = tf.tensor2d([1, 0, 1, 1, 1, 1, 0, 0, 1], [3, 3], 'bool');
  const options: Readonly<Record<string, AttentionOptions>> = {
    'a bool mask': { mask: bool },
    'a float32 mask': { mask: tf.ones([3, 3]) },
    'a mask of keys': { keyMask: tf.tensor2d([1, 0, 1], [1, 3], 'bool') },
    'causal queries': { causal: true },
  };

  beforeEach(() => {
    const { profiler } = tf.engine() as unknown as { profiler: { logKernelProfile(): void } };
    vi.spyOn(profiler, 'logKernelProfile').mockImplementation(() => {});
    vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => {
    tf.env().set('DEBUG', false);
    vi.restoreAllMocks();
  });

  it.each(Object.keys(options))('gives what it gives outside of it, for %s', async (name) => {
    const q = tf.tensor4d([...Array(24).keys()].map(Math.sin), [1, 3, 2, 4]);
    const attend = (q: tf.Tensor) => scaledDotProductAttention(q, q, q, options[name]);
    const gradient = (q: tf.Tensor) => tf.grad((q: tf.Tensor) => tf.sum(tf.square(attend(q))))(q);
    const expected = [await attend(q).data(), await gradient(q).data()] as const;
    tf.env().set('DEBUG', true);
    await expectTensorClose(attend(q), expected[0]);
    await expectTensorClose(gradient(q), expected[1]);
  });
}, ['cpu', 'wasm']);
