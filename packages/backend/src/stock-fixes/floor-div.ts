import type * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

const ofFloats = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { a, b } = call.inputs as Record<'a' | 'b', tf.TensorInfo>;
    if (a.dtype !== 'float32') return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) =>
      runStock('Floor', { x: runStock('RealDiv', { a, b }) }),
    );
  },
});

/** Stock, the quotient of floats is an integer on cpu and webgpu, so that one beyond 2^31 is another; elsewhere it is a float. */
export function registerFloorDiv(): void {
  for (const backendName of ['cpu', 'webgpu']) {
    wrapKernel('FloorDiv', backendName, ofFloats, 'floats');
  }
}
