import type * as tf from '@tensorflow/tfjs-core';
import { ofTwo } from './of-two.ts';
import { wrapKernel } from './registry.ts';
import { valuesOf } from './values.ts';

/** As IEEE 754 has it: 1 to whatever power, and -1 to an infinite one, are 1. */
const power = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;

/** Stock, 1 to the power of NaN or infinity is NaN, as in JavaScript. */
export function registerCpuPow(): void {
  wrapKernel('Pow', 'cpu', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const y = stock.kernelFunc(call) as tf.TensorInfo;
      if (y.dtype !== 'float32' || !valuesOf(call.backend, y).some(Number.isNaN)) return y;
      (call.backend as tf.KernelBackend).disposeData(y.dataId);
      return ofTwo(call, 'float32', power);
    },
  }));
}
