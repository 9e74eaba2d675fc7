import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { selectNone } from '../src/backends/select.ts';
import { probeBackends, useBackend } from '../src/index.ts';

beforeEach(async () => {
  // Keeps TensorFlow.js' advertisement for its Node backend out of the output.
  tf.env().set('PROD', true);
  await selectNone();
  // TensorFlow.js would take it, as it takes `cpu` where its union package is installed.
  tf.registerBackend('highest', () => new MathBackendCPU(), 99);
});

afterEach(() => tf.removeBackend('highest'));

/** The ways in which TensorFlow.js takes a backend by itself. */
const byItself: Readonly<Record<string, () => unknown>> = {
  'tf.ready()': () => tf.ready(),
  'two tf.ready() at the same time': () => Promise.all([tf.ready(), tf.ready()]),
  'the first operation': () => tf.ones([2]).dispose(),
  'tf.backend()': () => tf.backend(),
};

describe.each(Object.entries(byItself))('after %s', (_, take) => {
  beforeEach(async () => {
    await take();
    expect(tf.engine().backendName).toBe('highest');
  });

  it('auto takes the best, with its reasons', async () => {
    const choice = await useBackend('auto');
    expect(choice.kept).toBe(false);
    expect(['tensorflow', 'webgpu', 'wasm']).toContain(choice.name);
    expect(tf.getBackend()).toBe(choice.name);
  });

  it('auto keeps what the application sets then, also the same one', async () => {
    await tf.setBackend('highest');
    expect(await useBackend('auto')).toMatchObject({ name: 'highest', kept: true });
  });

  it('a probe leaves it current, and it is still no choice', async () => {
    await probeBackends();
    expect(tf.getBackend()).toBe('highest');
    expect((await useBackend('auto')).kept).toBe(false);
  });
});

it('auto keeps a backend that was set before tf.ready() and an operation', async () => {
  await tf.setBackend('cpu');
  await tf.ready();
  tf.ones([2]).dispose();
  expect(await useBackend('auto')).toMatchObject({ name: 'cpu', kept: true, skipped: [] });
});

it('auto keeps what is set while TensorFlow.js readies another', async () => {
  const ready = tf.ready();
  const set = tf.setBackend('cpu');
  await Promise.all([ready, set]);
  await tf.setBackend('cpu');
  expect(await useBackend('auto')).toMatchObject({ name: 'cpu', kept: true });
});

it('a second call with auto has the reasons of the first', async () => {
  const first = await useBackend('auto');
  const second = await useBackend('auto');
  expect(second).toEqual({ ...first, kept: true });
  await useBackend('cpu');
  expect((await useBackend('auto')).skipped).toEqual([]);
});

it('a name that fails leaves what TensorFlow.js took current, and it is still no choice', async () => {
  await tf.ready();
  await expect(useBackend('webgl')).rejects.toThrow('it exists in browsers only');
  expect(tf.getBackend()).toBe('highest');
  expect((await useBackend('auto')).kept).toBe(false);
});
