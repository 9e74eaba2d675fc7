import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';

it('auto knows what TensorFlow.js took before this package was loaded', async () => {
  tf.env().set('PROD', true);
  tf.registerBackend('better', () => Promise.reject(new Error('no device')), 99);
  await tf.ready();
  expect(tf.getBackend()).toBe('cpu');
  const { useBackend } = await import('../src/index.ts');
  const choice = await useBackend('auto');
  expect(choice.kept).toBe(false);
  expect(choice.name).not.toBe('cpu');
});

it('and what an application set: one that TensorFlow.js would not have taken', async () => {
  const { useBackend } = await import('../src/index.ts');
  tf.registerBackend('mine', () => new MathBackendCPU(), 0);
  await tf.setBackend('mine');
  expect(await useBackend('auto')).toMatchObject({ name: 'mine', kept: true });
});
