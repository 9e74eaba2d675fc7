import type * as tf from '@tensorflow/tfjs-core';
import { composite, dispose } from './composite.ts';
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

/** By 1 in the place of 0, and then none. */
const ofIntegers = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { a, b } = call.inputs as Record<'a' | 'b', tf.TensorInfo>;
    if (a.dtype !== 'int32' || b.dtype !== 'int32') return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const zero = runStock('Fill', {}, { shape: [], value: 0, dtype: 'int32' });
      const whether = (name: string) =>
        runStock('Cast', { x: runStock(name, { a: b, b: zero }) }, { dtype: 'int32' });
      const y = stock.kernelFunc({
        ...call,
        inputs: { a, b: runStock('Add', { a: b, b: whether('Equal') }) },
      }) as tf.TensorInfo;
      const quotients = runStock('Multiply', { a: y, b: whether('NotEqual') });
      dispose(call.backend as tf.KernelBackend, y);
      return quotients;
    });
  },
});

/** Stock, the quotient of floats is an integer on cpu and webgpu, so that one beyond 2^31 is another; elsewhere it is a float. TensorFlow divides no integer by 0. */
export function registerFloorDiv(): void {
  for (const backendName of ['cpu', 'webgpu']) {
    wrapKernel('FloorDiv', backendName, ofFloats, 'floats');
  }
  for (const name of ['FloorDiv', 'Mod']) wrapKernel(name, 'tensorflow', ofIntegers, 'integers');
}
