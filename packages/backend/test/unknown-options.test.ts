import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type BackendOptions, keepPackedWeights, probeBackends, useBackend } from '../src/index.ts';

const options: BackendOptions = Object.assign({ threads: 1 }, { thread: 2 });

it.each([
  ['useBackend', () => useBackend('wasm', options)],
  ['probeBackends', () => probeBackends(options)],
])('%s refuses an option that there is not, and starts nothing', async (owner, call) => {
  await expect(call()).rejects.toThrow(
    new TypeError(`${owner} has no option "thread"; it takes wasmPath, threads, trustKernels`),
  );
  expect(tf.engine().backendName).toBeFalsy();
});

it('refuses a flag that is a text', async () => {
  await expect(useBackend('cpu', { trustKernels: 'false' as never })).rejects.toThrow(
    new TypeError('trustKernels was "false"; it must be true or false'),
  );
  expect(() => keepPackedWeights('false' as never)).toThrow(
    new TypeError('keep was "false"; it must be true or false'),
  );
  expect(tf.engine().backendName).toBeFalsy();
});

it('comes before what the options would change', async () => {
  await expect(useBackend('cpu', options)).rejects.toThrow(TypeError);
  expect(await useBackend('cpu', { threads: 1 })).toMatchObject({ name: 'cpu' });
});
