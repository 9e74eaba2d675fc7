import * as tf from '@tensorflow/tfjs-core';
import { wrapKernel } from './registry.ts';

/** What a shader may read beside its output, on every device. */
const MOST = 7;

const inParts = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const all = Object.values(call.inputs) as tf.Tensor[];
    if (all.length <= MOST) return stock.kernelFunc(call);
    const parts = Array.from({ length: Math.ceil(all.length / MOST) }, (_, part) =>
      all.slice(part * MOST, (part + 1) * MOST),
    );
    return tf.tidy(() =>
      tf.addN(parts.map((part) => (part.length === 1 ? (part[0] as tf.Tensor) : tf.addN(part)))),
    );
  },
});

/** Stock TensorFlow.js adds up all tensors in one shader, which has no room for more than eight: zeros, without an error. */
export function registerWebgpuAddN(): void {
  wrapKernel('AddN', 'webgpu', inParts, 'parts');
}
