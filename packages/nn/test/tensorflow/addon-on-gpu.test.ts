import { kernelStatuses, registerStockFixes } from '@neverend/backend';
import { loadAddon } from '@neverend/backend/kernels';
import { expectTensorClose } from '@neverend/backend/testing';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { gelu } from '../../src/index.ts';

/** Stands in for tfjs-node on a CUDA device: the kernels of cpu, and no op of the addon. */
class CudaBackend extends MathBackendCPU {
  readonly isUsingGpuDevice = true;

  executeSingleOutput(name: string): never {
    throw new Error(`${name} ran`);
  }
}

// In a file, and so in a process, of its own: what was found out about the addon holds for the process.
it('leaves the work to composites on a CUDA device, and says why', async () => {
  // Keeps TensorFlow.js' advertisement for its Node backend out of the output.
  tf.env().set('IS_TEST', true);
  tf.registerBackend('tensorflow', () => new CudaBackend());
  tf.copyRegisteredKernels('cpu', 'tensorflow');
  await tf.setBackend('tensorflow');
  registerStockFixes();
  const reason = 'its kernels are for the CPU, and TensorFlow runs on a GPU';
  expect(loadAddon()).toEqual({ available: false, reason });
  // 0.5 (1 + erf(1 / sqrt(2))) = 0.841344746.
  await expectTensorClose(gelu(tf.tensor1d([1, -1]), { form: 'erf' }), [0.841344746, -0.158655254]);
  // The matrix product has a kernel for wasm alone.
  const statuses = (await kernelStatuses()).filter(({ kernel }) => kernel !== 'NeverendMatMul');
  expect(statuses.length).toBeGreaterThan(0);
  for (const status of statuses) {
    expect(status).toMatchObject({
      backend: 'tensorflow',
      active: 'composite',
      reason: expect.stringContaining(reason),
    });
  }
});
