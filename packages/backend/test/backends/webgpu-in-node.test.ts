import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { probeBackends, useBackend } from '../../src/index.ts';
import { listed } from '../../src/testing/describe-backends.ts';

beforeAll(() => {
  tf.env().set('PROD', true);
});

/** What other libraries tell a browser by. */
function marks(): unknown {
  const { navigator } = globalThis;
  return [typeof navigator, navigator !== undefined && 'gpu' in navigator];
}

const before = marks();

// The tests run in this order: the first one begins without a backend.
it('leaves nothing that looks like a browser where another backend is taken', async () => {
  await probeBackends();
  expect(marks()).toEqual(before);
  await useBackend('auto');
  expect(marks()).toEqual(tf.getBackend() === 'webgpu' ? ['object', true] : before);
});

it('computes as often as it is taken, also on tensors from before', async ({ skip }) => {
  const statuses = await probeBackends();
  const required = listed('NEVEREND_REQUIRE')?.includes('webgpu');
  skip(!required && !statuses.some(({ name, available }) => available && name === 'webgpu'));
  await useBackend('webgpu');
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  expect(marks()).toEqual(['object', true]);
  expect(globalThis.navigator.userAgent).toMatch(/^Node\.js\/\d+/);
  const x = tf.tensor1d([1, 2, 3]);
  const doubled = tf.add(x, x);
  await useBackend('cpu');
  expect(marks()).toEqual(before);
  expect([...(await doubled.data())]).toEqual([2, 4, 6]);
  await useBackend('webgpu');
  expect([...(await tf.add(doubled, x).data())]).toEqual([3, 6, 9]);
});
