import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient, wrapKernel } from './registry.ts';
import { withPrograms } from './webgpu-programs.ts';

const cumsum: tf.GradConfig = {
  kernelName: 'Cumsum',
  gradFunc: (dy, _saved, attrs) => {
    const { axis, exclusive, reverse } = attrs as unknown as tf.CumsumAttrs;
    return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
  },
};

/** Wraps a stock kernel: counts its axis from the front, and on webgpu has it compiled for each length. */
function mendKernel(stock: tf.KernelConfig): tf.KernelConfig {
  return {
    ...stock,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { axis } = attrs as unknown as tf.CumsumAttrs;
      const { shape } = inputs['x'] as tf.TensorInfo;
      const counted = { ...attrs, axis: axis < 0 ? axis + shape.length : axis };
      const run = () => stock.kernelFunc({ inputs, attrs: counted, backend });
      if (stock.backendName !== 'webgpu') return run();
      // The program has the length in its code, but not in the key by which the backend finds it again.
      return withPrograms(
        backend,
        (program) => {
          if (program.shaderKey.startsWith('cum_')) {
            program.shaderKey += `_${program.outputShape.at(-1)}`;
          }
        },
        run,
      );
    },
  };
}

/**
 * Each input is in the sums from its own place on, so the gradient sums from the other end. Stock
 * TensorFlow.js then transposes it where the axis is not the last: an error, or for square tensors a wrong
 * result. Its kernels but those of tensorflow take a negative axis for one that is not there, and those of
 * webgpu go on with the length of the first call where they sum from the end or leave out the own number.
 */
export function registerCumsum(): void {
  replaceGradient(cumsum);
  for (const backendName of ['cpu', 'wasm', 'webgpu', 'webgl']) {
    for (const kernelName of ['Cumsum', 'Cumprod']) wrapKernel(kernelName, backendName, mendKernel);
  }
}
