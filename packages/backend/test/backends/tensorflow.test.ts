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
    expect(await startTensorflow(start)).toMatchObject({ available: true, hardwareGpu: false });
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
      fix: 'npm install @tensorflow/tfjs-node',
    });
  });

  it('tells why an installed one does not start', async () => {
    const start = installation({ '@tensorflow/tfjs-node': new Error('bad ELF header\n  at x') });
    expect(await startTensorflow(start)).toMatchObject({
      available: false,
      reason: '@tensorflow/tfjs-node did not start: bad ELF header',
    });
  });

  it('knows an addon that was never built', async () => {
    const message =
      'The Node.js native addon module (tfjs_binding.node) can not be found at path: /x/tfjs_binding.node.';
    const start = installation({ '@tensorflow/tfjs-node': new Error(message) });
    expect(await startTensorflow(start)).toMatchObject({
      available: false,
      fix: 'npm rebuild @tensorflow/tfjs-node --build-addon-from-source',
    });
  });

  it('knows that every op throws from Node 23 on', async () => {
    const load = installation({ '@tensorflow/tfjs-node-gpu': { isUsingGpuDevice: false } });
    const asked: string[] = [];
    const start = async (specifier: string): Promise<unknown> => {
      asked.push(specifier);
      const loaded = await load(specifier);
      tf.unregisterKernel('Square', 'tensorflow');
      registerSquare(() => {
        throw new TypeError('(0 , util_1.isNullOrUndefined) is not a function');
      });
      return loaded;
    };
    expect(await startTensorflow(start)).toMatchObject({
      available: false,
      reason: expect.stringContaining('calls functions that Node 23 removed'),
      fix: 'run it on Node 22 or older',
    });
    // It is loaded all the same, and the other package must not join it.
    expect(asked).toEqual(['@tensorflow/tfjs-node-gpu']);
  });
});
