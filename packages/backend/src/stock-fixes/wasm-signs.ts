import type * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { isEnd } from './is-end.ts';
import { wrapKernel } from './registry.ts';
import { result, valuesOf } from './values.ts';

const sign = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x } = call.inputs as Record<'x', tf.TensorInfo>;
    if (x.dtype !== 'float32') return stock.kernelFunc(call);
    const values = valuesOf(call.backend, x);
    const signs = new Float32Array(values.length);
    for (let i = 0; i < signs.length; i++) {
      const value = values[i] as number;
      signs[i] = value > 0 ? 1 : value < 0 ? -1 : 0;
    }
    return result(call.backend, x.shape, 'float32', signs);
  },
});

/** max(x, 0) + alpha min(x, 0), broadcast against each other. */
const prelu = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x, alpha } = call.inputs as Record<'x' | 'alpha', tf.TensorInfo>;
    if (isEnd(alpha.shape, x.shape)) return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, 'wasm', (runStock) => {
      const zero = runStock('Fill', {}, { shape: [], value: 0, dtype: 'float32' });
      const below = runStock('Minimum', { a: x, b: zero });
      const sloped = runStock('Multiply', { a: alpha, b: below });
      return runStock('Add', { a: runStock('Relu', { x }), b: sloped });
    });
  },
});

/** Stock, the sign of a number below 1e-6 is 0, and slopes that are not those of the last axes are another axis'. */
export function registerWasmSigns(): void {
  wrapKernel('Sign', 'wasm', sign, 'small');
  wrapKernel('Prelu', 'wasm', prelu, 'slopes');
}
