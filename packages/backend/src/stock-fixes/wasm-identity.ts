import type * as tf from '@tensorflow/tfjs-core';
import { wrapKernel } from './registry.ts';

/**
 * Stock, a clone is a copy, as is all that is kept for a gradient: up to seven passes through memory for an operation of two
 * tensors. As on the other backends, a clone here has the data of the tensor, which is freed with the last of both.
 */
export function registerWasmIdentity(): void {
  wrapKernel('Identity', 'wasm', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const { dataId, shape, dtype } = call.inputs['x'] as tf.TensorInfo;
      if (dtype === 'string') return stock.kernelFunc(call);
      (call.backend as tf.KernelBackend).incRef(dataId);
      return { dataId, shape, dtype };
    },
  }));
}
