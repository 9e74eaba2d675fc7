import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { selectNone } from '../src/backends/select.ts';
import { starts } from '../src/backends/start.ts';
import { startTensorflow } from '../src/backends/tensorflow.ts';
import { probeBackends, useBackend } from '../src/index.ts';
import { choose } from '../src/use-backend.ts';

beforeEach(async () => {
  // Keeps TensorFlow.js' advertisement for its Node backend out of the output.
  tf.env().set('PROD', true);
  await selectNone();
});

afterAll(() => tf.removeBackend('mine'));

/** A tfjs-node whose import selects it, and whose every operation throws. */
async function brokenNode(specifier: string): Promise<unknown> {
  if (specifier !== '@tensorflow/tfjs-node') throw new Error(`Cannot find package '${specifier}'`);
  tf.registerBackend('tensorflow', () => new MathBackendCPU(), 3);
  tf.registerKernel({
    kernelName: 'Square',
    backendName: 'tensorflow',
    kernelFunc: () => {
      throw new Error('the library is of another build');
    },
  });
  tf.setBackend('tensorflow');
  return { default: { version: { 'tfjs-node': '4.22.0' } } };
}

function removeBrokenNode(): void {
  tf.unregisterKernel('Square', 'tensorflow');
  tf.removeBackend('tensorflow');
}

const startsBroken = { ...starts, tensorflow: () => startTensorflow(brokenNode) };
const reason = '@tensorflow/tfjs-node did not start: the library is of another build';

it('a name that fails leaves no backend where there was none', async () => {
  const failure = choose('tensorflow', {}, startsBroken);
  await expect(failure).rejects.toThrow(reason);
  expect(tf.engine().backendName).toBeNull();
  removeBrokenNode();
});

it('auto does not keep a backend that the user has set and that does not compute', async () => {
  await brokenNode('@tensorflow/tfjs-node');
  const choice = await choose('auto', {}, startsBroken);
  expect(choice.name).not.toBe('tensorflow');
  expect(choice.kept).toBe(false);
  expect(choice.skipped.filter(({ name }) => name === 'tensorflow')).toEqual([
    { name: 'tensorflow', reason },
  ]);
  expect(tf.getBackend()).toBe(choice.name);
  removeBrokenNode();
});

it('auto keeps what the user has set after a probe, also the last one that the probe started', async () => {
  await probeBackends();
  expect(tf.engine().backendName).toBeNull();
  await tf.setBackend('cpu');
  expect(await useBackend('auto')).toMatchObject({ name: 'cpu', kept: true });
});

it('a probe tells of every backend and takes none, and auto then takes the best', async () => {
  const statuses = await probeBackends();
  expect(tf.engine().backendName).toBeNull();
  expect(statuses.map(({ name }) => name)).toEqual(['tensorflow', 'webgpu', 'wasm', 'cpu']);
  for (const status of statuses) {
    if (status.available) expect(status.version).toMatch(/^4\./);
    else expect(status.reason).not.toBe('');
  }
  const choice = await useBackend();
  expect(choice.kept).toBe(false);
  expect(choice.softwareGpu).toBe(false);
  expect(tf.getBackend()).toBe(choice.name);
  const taken = statuses.find(({ name }) => name === choice.name);
  expect(taken).toMatchObject({ available: true, device: choice.device });
});

it('auto keeps the backend that the user has set, and tells its device', async () => {
  await tf.setBackend('cpu');
  expect(await useBackend('auto')).toMatchObject({
    name: 'cpu',
    kept: true,
    device: 'JavaScript on the CPU',
    skipped: [],
  });
  expect(tf.getBackend()).toBe('cpu');
});

it('auto keeps the backend that an earlier call took', async () => {
  await useBackend('cpu');
  expect(await useBackend('auto')).toMatchObject({ name: 'cpu', kept: true });
});

it('auto waits for a start that the user has under way', async () => {
  const setting = tf.setBackend('wasm');
  expect(await useBackend('auto')).toMatchObject({ name: 'wasm', kept: true });
  expect(await setting).toBe(true);
});

it('a probe leaves the backend of the user current', async () => {
  await tf.setBackend('cpu');
  await probeBackends();
  expect(tf.getBackend()).toBe('cpu');
  expect((await useBackend('auto')).kept).toBe(true);
});

it('auto keeps a backend that neverend does not know', async () => {
  tf.registerBackend('mine', () => new MathBackendCPU());
  await tf.setBackend('mine');
  expect(await useBackend('auto')).toMatchObject({ name: 'mine', kept: true });
  expect(tf.getBackend()).toBe('mine');
});

it('a name that fails leaves the backend of the user current', async () => {
  await tf.setBackend('cpu');
  const start = {
    ...starts,
    webgpu: async () => {
      await tf.setBackend('wasm');
      return { available: false, name: 'webgpu', reason: 'it broke half-way' } as const;
    },
  };
  await expect(choose('webgpu', {}, start)).rejects.toThrow('it broke half-way');
  expect(tf.getBackend()).toBe('cpu');
});

it('auto does not keep a backend whose start failed', async () => {
  tf.registerBackend('broken', () => {
    throw new Error('no device');
  });
  expect(await tf.setBackend('broken')).toBe(false);
  const choice = await useBackend('auto');
  expect(choice.kept).toBe(false);
  expect(tf.getBackend()).toBe(choice.name);
});

it('calls at the same time run one after the other', async () => {
  const choices = await Promise.all([useBackend('cpu'), useBackend('wasm'), useBackend('cpu')]);
  expect(choices.map(({ name }) => name)).toEqual(['cpu', 'wasm', 'cpu']);
  expect(tf.getBackend()).toBe('cpu');
});

it('a failure does not block the calls after it', async () => {
  const failing = useBackend('none' as 'cpu');
  const next = useBackend('wasm');
  await expect(failing).rejects.toThrow('choice was "none"');
  expect((await next).name).toBe('wasm');
});

it('gradients are there without another import', async () => {
  await useBackend('wasm');
  const x = tf.scalar(3);
  const dx = tf.grad((t: tf.Tensor) => tf.sum(tf.square(t)))(x);
  expect(dx.dataSync()[0]).toBe(6);
  tf.dispose([x, dx]);
});
