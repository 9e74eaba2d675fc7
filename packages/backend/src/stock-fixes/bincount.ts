import * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

type Inputs = Record<'x' | 'weights', tf.TensorInfo>;

/** All numbers in one list. */
const flat = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const inputs = call.inputs as Inputs;
    if (inputs.x.shape.length === 1) return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const list = (x: tf.TensorInfo) =>
        runStock('Reshape', { x }, { shape: [tf.util.sizeFromShape(x.shape)] });
      const { x, weights } = inputs;
      const attrs = call.attrs as tf.NamedAttrMap;
      return runStock(stock.kernelName, { x: list(x), weights: list(weights) }, attrs);
    });
  },
});

/** Whether each number is there, out of how often it is. */
const whether = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    if (!(call.attrs as unknown as tf.DenseBincountAttrs).binaryOutput)
      return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const { x, weights } = call.inputs as Inputs;
      const { dtype } = weights;
      const attrs = { ...(call.attrs as tf.NamedAttrMap), binaryOutput: false };
      const none = runStock('Fill', {}, { shape: [0], value: 0, dtype });
      const a = runStock(stock.kernelName, { x, weights: none }, attrs);
      const b = runStock('Fill', {}, { shape: [], value: 0, dtype });
      return runStock('Cast', { x: runStock('NotEqual', { a, b }) }, { dtype });
    });
  },
});

/** The sums of whole weights by way of floats. */
const byFloats = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const inputs = call.inputs as Inputs;
    if (inputs.weights.dtype !== 'int32') return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const weights = runStock('Cast', { x: inputs.weights }, { dtype: 'float32' });
      const attrs = call.attrs as tf.NamedAttrMap;
      const x = runStock(stock.kernelName, { x: inputs.x, weights }, attrs);
      return runStock('Cast', { x }, { dtype: 'int32' });
    });
  },
});

/**
 * Stock, wasm counts the rows of a list of several axes each for itself, webgpu not at all, and "whether a number is there" is how often
 * on cpu, and nothing on webgpu, where sums of integers are the bits of floats.
 */
export function registerBincount(): void {
  for (const backendName of ['wasm', 'webgpu']) wrapKernel('Bincount', backendName, flat);
  for (const backendName of ['cpu', 'webgpu']) wrapKernel('DenseBincount', backendName, whether);
  for (const name of ['Bincount', 'DenseBincount']) {
    wrapKernel(name, 'webgpu', byFloats, 'integers');
  }
}
