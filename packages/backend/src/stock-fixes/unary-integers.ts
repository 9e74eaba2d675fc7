import type * as tf from '@tensorflow/tfjs-core';
import { asWebgpu } from '../webgpu/backend.ts';
import { composite, type RunStock } from './composite.ts';
import { wrapKernel } from './registry.ts';

type Work = (runStock: RunStock, x: tf.TensorInfo) => tf.TensorInfo;

const constant = (runStock: RunStock, value: number): tf.TensorInfo =>
  runStock('Fill', {}, { shape: [], value, dtype: 'int32' });
const negative: Work = (runStock, x) => runStock('Sub', { a: constant(runStock, 0), b: x });
const atLeast0: Work = (runStock, x) => runStock('Maximum', { a: x, b: constant(runStock, 0) });

/** Out of kernels of two integers, which are exact. */
const works: Readonly<Record<string, Work>> = {
  Neg: negative,
  Abs: (runStock, x) => runStock('Maximum', { a: x, b: runStock('Neg', { x }) }),
  Square: (runStock, x) => runStock('Multiply', { a: x, b: x }),
  Relu: atLeast0,
  Relu6: (runStock, x) =>
    runStock('Minimum', { a: atLeast0(runStock, x), b: constant(runStock, 6) }),
  Floor: (runStock, x) => runStock('Identity', { x }),
  Ceil: (runStock, x) => runStock('Identity', { x }),
  Round: (runStock, x) => runStock('Identity', { x }),
};

const exact =
  (work: Work) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const { x } = call.inputs as Record<'x', tf.TensorInfo>;
      const isOnCpu =
        stock.kernelName === 'Neg' &&
        stock.backendName === 'webgpu' &&
        asWebgpu(call.backend as tf.KernelBackend).shouldExecuteOnCPU([x]);
      // Stock computes small tensors that are not on the GPU in JavaScript.
      if (x.dtype !== 'int32' || isOnCpu) return stock.kernelFunc(call);
      return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) =>
        work(runStock, x),
      );
    },
  });

/** Integers as integers: stock computes these in float32, which ends at 2^24. */
export function registerUnaryIntegers(): void {
  for (const [backendName, names] of [
    ['webgpu', Object.keys(works)],
    ['wasm', ['Neg', 'Abs']],
    ['cpu', ['Abs', 'Square']],
  ] as const) {
    for (const name of names) wrapKernel(name, backendName, exact(works[name] as Work), 'integers');
  }
}
