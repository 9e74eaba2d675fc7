import util from 'node:util';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTensorflow } from '../../src/backends/tensorflow.ts';

/** Stands in for the backend of tfjs-node: the kernels of cpu, and the field that tells of CUDA. */
class NodeBackend extends MathBackendCPU {
  isUsingGpuDevice = false;
}

const cpuSquare = tf.getKernel('Square', 'cpu').kernelFunc;

/** The one op that a start tries. */
function registerSquare(kernelFunc: tf.KernelFunc): void {
  tf.registerKernel({ kernelName: 'Square', backendName: 'tensorflow', kernelFunc });
}

/** An installation: what each specifier gives, or the error that its import ends with. */
function installation(
  packages: Readonly<Record<string, { isUsingGpuDevice: boolean } | Error>>,
): (specifier: string) => Promise<unknown> {
  return async (specifier) => {
    const found = packages[specifier];
    if (found === undefined) throw new Error(`Cannot find package '${specifier}' imported from x`);
    if (found instanceof Error) throw found;
    // Both packages register their backend and its kernels, and select it, while they load.
    tf.registerBackend('tensorflow', () => Object.assign(new NodeBackend(), found), 3);
    registerSquare(cpuSquare);
    tf.setBackend('tensorflow');
    return { default: { version: { 'tfjs-node': '4.22.0' } } };
  };
}

describe('startTensorflow', () => {
  // Keeps TensorFlow.js' advertisement for its Node backend out of the output.
  beforeAll(() => tf.env().set('IS_TEST', true));

  afterEach(() => {
    if (tf.findBackendFactory('tensorflow') === null) return;
    tf.unregisterKernel('Square', 'tensorflow');
    tf.removeBackend('tensorflow');
  });

  it('takes tfjs-node-gpu first, and tells that it is on CUDA', async () => {
    const start = installation({
      '@tensorflow/tfjs-node-gpu': { isUsingGpuDevice: true },
      '@tensorflow/tfjs-node': new Error('must not be loaded'),
    });
    expect(await startTensorflow(start)).toMatchObject({
      available: true,
      version: '4.22.0',
      device: 'NVIDIA GPU, CUDA',
      hardwareGpu: true,
    });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('tells that tfjs-node-gpu fell back to the CPU', async () => {
    const start = installation({ '@tensorflow/tfjs-node-gpu': { isUsingGpuDevice: false } });
    const status = await startTensorflow(start);
    expect(status).toMatchObject({
      available: true,
      hardwareGpu: false,
      warning: expect.stringContaining('@tensorflow/tfjs-node-gpu fell back to the CPU'),
      fix: 'npm run tensorflow -- --gpu',
    });
  });

  it('warns of nothing where tfjs-node runs on the CPU', async () => {
    const start = installation({ '@tensorflow/tfjs-node': { isUsingGpuDevice: false } });
    expect(await startTensorflow(start)).not.toHaveProperty('warning');
  });

  it.each([
    { gpu: 'absent', packages: {} },
    { gpu: 'broken', packages: { '@tensorflow/tfjs-node-gpu': new Error('libcudart.so.11.0') } },
  ])('takes tfjs-node where tfjs-node-gpu is $gpu', async ({ packages }) => {
    const node = { '@tensorflow/tfjs-node': { isUsingGpuDevice: false } };
    expect(await startTensorflow(installation({ ...packages, ...node }))).toMatchObject({
      available: true,
      device: 'CPU, libtensorflow',
    });
  });

  it('loads nothing where the application has loaded one of the two', async () => {
    const load = installation({ '@tensorflow/tfjs-node': { isUsingGpuDevice: false } });
    await load('@tensorflow/tfjs-node');
    await tf.setBackend('cpu');
    const start = installation({ '@tensorflow/tfjs-node-gpu': { isUsingGpuDevice: true } });
    expect(await startTensorflow(start)).toMatchObject({ available: true, hardwareGpu: false });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('tells what to install where neither is there', async () => {
    expect(await startTensorflow(installation({}))).toEqual({
      available: false,
      name: 'tensorflow',
      reason: 'neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed',
      fix: 'npm run tensorflow',
    });
  });

  it('tells why an installed one does not start', async () => {
    const start = installation({ '@tensorflow/tfjs-node': new Error('bad ELF header\n  at x') });
    expect(await startTensorflow(start)).toMatchObject({
      available: false,
      reason: '@tensorflow/tfjs-node did not start: bad ELF header',
    });
  });

  it.each([
    ['@tensorflow/tfjs-node', 'npm run tensorflow'],
    ['@tensorflow/tfjs-node-gpu', 'npm run tensorflow -- --gpu'],
  ])('knows that the addon of %s was never built', async (specifier, fix) => {
    const message =
      'The Node.js native addon module (tfjs_binding.node) can not be found at path: /x/tfjs_binding.node.';
    const start = installation({ [specifier]: new Error(message) });
    expect(await startTensorflow(start)).toMatchObject({
      available: false,
      reason: expect.stringContaining(`the native part of ${specifier} was never built`),
      fix,
    });
  });

  it('loads no second package after one whose operations throw', async () => {
    const load = installation({ '@tensorflow/tfjs-node-gpu': { isUsingGpuDevice: false } });
    const asked: string[] = [];
    const start = async (specifier: string): Promise<unknown> => {
      asked.push(specifier);
      const loaded = await load(specifier);
      tf.unregisterKernel('Square', 'tensorflow');
      registerSquare(() => {
        throw new Error('no such operation');
      });
      return loaded;
    };
    expect(await startTensorflow(start)).toMatchObject({
      available: false,
      reason: '@tensorflow/tfjs-node-gpu did not start: no such operation',
    });
    expect(asked).toEqual(['@tensorflow/tfjs-node-gpu']);
  });

  it('puts back what Node 23 removed and tfjs-node calls, before it loads it', async () => {
    const mutable = util as unknown as Record<string, unknown>;
    const names = ['isNullOrUndefined', 'isArray'];
    const stock = names.map((name) => mutable[name]);
    for (const name of names) delete mutable[name];
    try {
      let seen: unknown[] = [];
      await startTensorflow(async () => {
        const { isNullOrUndefined, isArray } = mutable as Record<string, (x: unknown) => boolean>;
        seen = [null, undefined, 0].map((value) => isNullOrUndefined?.(value));
        seen.push(isArray?.([]), isArray?.({ length: 0 }));
        throw new Error('that is all');
      });
      expect(seen).toEqual([true, true, false, true, false]);
    } finally {
      for (const [index, name] of names.entries()) mutable[name] = stock[index];
    }
  });
});
