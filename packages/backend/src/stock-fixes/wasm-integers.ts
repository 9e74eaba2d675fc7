import type * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { ofTwo } from './of-two.ts';
import { wrapKernel } from './registry.ts';

/** A quotient of integers of 32 bits is exact enough in float64 to be cut. One by 0 is no number, of which an integer makes 0. */
const divisions: Readonly<Record<string, (a: number, b: number) => number>> = {
  FloorDiv: (a, b) => Math.floor(a / b),
  Mod: (a, b) => a - b * Math.floor(a / b),
};

/** Stock, integers are divided in float32, a remainder by 0 ends the backend, and resized integers are floats. */
export function registerWasmIntegers(): void {
  for (const [name, f] of Object.entries(divisions)) {
    wrapKernel(
      name,
      'wasm',
      (stock) => ({
        ...stock,
        kernelFunc: (call) => {
          const { a, b } = call.inputs as Record<'a' | 'b', tf.TensorInfo>;
          const isWhole = a.dtype === 'int32' && b.dtype === 'int32';
          return isWhole ? ofTwo(call, 'int32', f) : stock.kernelFunc(call);
        },
      }),
      'integers',
    );
  }
  wrapKernel(
    'ResizeNearestNeighbor',
    'wasm',
    (stock) => ({
      ...stock,
      kernelFunc: (call) => {
        const { images } = call.inputs as Record<'images', tf.TensorInfo>;
        if (images.dtype !== 'int32') return stock.kernelFunc(call);
        return composite(call.backend as tf.KernelBackend, 'wasm', (runStock) => {
          const cast = runStock('Cast', { x: images }, { dtype: 'float32' });
          const attrs = call.attrs as tf.NamedAttrMap;
          const x = runStock('ResizeNearestNeighbor', { images: cast }, attrs);
          return runStock('Cast', { x }, { dtype: 'int32' });
        });
      },
    }),
    'integers',
  );
}
