import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient, replaceKernel } from './registry.ts';

const cumsum: tf.GradConfig = {
  kernelName: 'Cumsum',
  gradFunc: (dy, _saved, attrs) => {
    const { axis, exclusive, reverse } = attrs as unknown as tf.CumsumAttrs;
    return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
  },
};

const wrapped = new WeakSet<tf.KernelConfig>();

/** Lets the stock kernel count its axis from the front. */
function countFromFront(kernelName: string, backendName: string): void {
  const stock: tf.KernelConfig | undefined = tf.getKernel(kernelName, backendName);
  if (stock === undefined || wrapped.has(stock)) return;
  const config: tf.KernelConfig = {
    ...stock,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { axis } = attrs as unknown as tf.CumsumAttrs;
      const { shape } = inputs['x'] as tf.TensorInfo;
      const counted = { ...attrs, axis: axis < 0 ? axis + shape.length : axis };
      return stock.kernelFunc({ inputs, attrs: counted, backend });
    },
  };
  wrapped.add(config);
  replaceKernel(config);
}

/**
 * Each input is in the sums from its own place on, so the gradient sums from the other end. Stock
 * TensorFlow.js then transposes it where the axis is not the last: an error, or for square tensors a wrong
 * result. Its kernels but those of tensorflow take a negative axis for one that is not there.
 */
export function registerCumsum(): void {
  replaceGradient(cumsum);
  for (const backendName of ['cpu', 'wasm', 'webgpu', 'webgl']) {
    for (const kernelName of ['Cumsum', 'Cumprod']) countFromFront(kernelName, backendName);
  }
}
