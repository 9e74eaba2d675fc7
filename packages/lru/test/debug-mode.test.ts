// In a process of its own: it turns the debug mode of TensorFlow.js on, and is the first to use a kernel.
import { setKernelMode, useBackend } from '@neverend/backend';
import { expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it, vi } from 'vitest';
import { linearScan } from '../src/index.ts';

afterEach(() => {
  tf.env().set('DEBUG', false);
  setKernelMode(undefined);
  vi.restoreAllMocks();
});

const backends = process.env['NEVEREND_BACKENDS']?.split(',');

it.runIf(backends?.includes('wasm') ?? true)(
  "a kernel on wasm is compared in TensorFlow.js' debug mode as it is outside of it",
  async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.spyOn(console, 'log').mockImplementation(() => {});
    await useBackend('wasm');
    // A kernel that does not agree would be an error.
    setKernelMode('native');
    tf.env().set('DEBUG', true);
    const x = tf.tensor3d([1, 2, 3], [1, 3, 1]);
    const { y } = linearScan(x, tf.fill([1, 3, 1], 0.5));
    expect(tf.env().getBool('DEBUG')).toBe(true);
    await expectTensorClose(y, [1, 2.5, 4.25]);
  },
);
