import type * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** Kernels of booleans by way of integers: their inputs, and whether what they give is a boolean of itself. */
const kernels: readonly (readonly [
  name: string,
  backends: readonly string[],
  inputs: readonly string[],
  isBool: boolean,
])[] = [
  ...(['Max', 'Min'] as const).map(
    (name) => [name, ['webgpu', 'tensorflow'], ['x'], false] as const,
  ),
  ...(['Greater', 'GreaterEqual', 'Less', 'LessEqual'] as const).map(
    (name) => [name, ['tensorflow'], ['a', 'b'], true] as const,
  ),
];

const byIntegers =
  (names: readonly string[], isBool: boolean) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const inputs = call.inputs as Record<string, tf.TensorInfo>;
      if (names.some((name) => inputs[name]?.dtype !== 'bool')) return stock.kernelFunc(call);
      return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
        const integers = names.map((name) => {
          const x = inputs[name] as tf.TensorInfo;
          return [name, runStock('Cast', { x }, { dtype: 'int32' })];
        });
        const x = runStock(
          stock.kernelName,
          Object.fromEntries(integers),
          call.attrs as tf.NamedAttrMap,
        );
        return isBool ? x : runStock('Cast', { x }, { dtype: 'bool' });
      });
    },
  });

/** Stock, the largest of booleans is an integer on webgpu, and TensorFlow compares integers and floats alone. */
export function registerOfBooleans(): void {
  for (const [name, backends, inputs, isBool] of kernels) {
    for (const backendName of backends) {
      wrapKernel(name, backendName, byIntegers(inputs, isBool), 'booleans');
    }
  }
}
