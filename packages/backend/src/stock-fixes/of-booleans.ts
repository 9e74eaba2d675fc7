import type * as tf from '@tensorflow/tfjs-core';
import { composite, dispose } from './composite.ts';
import { wrapKernel } from './registry.ts';

const everywhere = ['cpu', 'wasm', 'webgpu', 'tensorflow'];
const native = ['wasm', 'tensorflow'];

interface Mend {
  readonly kernels: readonly string[];
  readonly backends: readonly string[];
  /** Of the inputs, those that may be booleans: all of them together. */
  readonly inputs: readonly string[];
  /** Whether booleans come out, where integers would. */
  readonly isBool?: boolean;
  /** The kernel of integers, where it is another. */
  readonly by?: string;
}

/** Kernels of booleans by way of the integers 0 and 1. What can be another number than these two stays an integer. */
const mends: readonly Mend[] = [
  { kernels: ['Max', 'Min'], backends: ['webgpu', 'tensorflow'], inputs: ['x'], isBool: true },
  {
    kernels: ['Greater', 'GreaterEqual', 'Less', 'LessEqual'],
    ...{ backends: ['tensorflow'], inputs: ['a', 'b'] },
  },
  { kernels: ['Diag', 'ClipByValue'], backends: native, inputs: ['x'], isBool: true },
  { kernels: ['MaxPool'], backends: ['cpu', ...native], inputs: ['x'], isBool: true },
  {
    kernels: ['Multiply', 'SquaredDifference', 'Mod', 'Pow'],
    ...{ backends: native, inputs: ['a', 'b'], isBool: true },
  },
  { kernels: ['RealDiv'], by: 'FloorDiv', backends: native, inputs: ['a', 'b'], isBool: true },
  { kernels: ['FloorDiv'], backends: native, inputs: ['a', 'b'] },
  { kernels: ['Add', 'Sub', 'BatchMatMul'], backends: everywhere, inputs: ['a', 'b'] },
  { kernels: ['Cumsum', 'Cumprod', 'UnsortedSegmentSum'], backends: everywhere, inputs: ['x'] },
  { kernels: ['SearchSorted'], backends: native, inputs: ['sortedSequence', 'values'] },
  { kernels: ['Bincount', 'DenseBincount'], backends: everywhere, inputs: ['weights'] },
  { kernels: ['ScatterNd'], backends: ['webgpu'], inputs: ['updates'], isBool: true },
  {
    kernels: ['SparseToDense'],
    ...{ backends: ['webgpu'], inputs: ['sparseValues', 'defaultValue'], isBool: true },
  },
];

const isBoolean = (x: tf.TensorInfo | undefined): x is tf.TensorInfo => x?.dtype === 'bool';

const byIntegers =
  ({ inputs: names, isBool, by }: Mend) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const inputs = call.inputs as Record<string, tf.TensorInfo>;
      const given = names.map((name) => inputs[name]);
      if (!given.every(isBoolean)) return stock.kernelFunc(call);
      return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
        const integers = names.map((name, i) => [
          name,
          runStock('Cast', { x: given[i] as tf.TensorInfo }, { dtype: 'int32' }),
        ]);
        const x = runStock(
          by ?? stock.kernelName,
          { ...inputs, ...Object.fromEntries(integers) },
          call.attrs as tf.NamedAttrMap,
        );
        return isBool === true ? runStock('Cast', { x }, { dtype: 'bool' }) : x;
      });
    },
  });

/** These make 0 of 0, and 1 of 1. */
const same = ['Abs', 'Square', 'Relu', 'Relu6', 'Sign', 'Step', 'Round'];

const itself = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    if (!isBoolean(x)) return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) =>
      runStock('Identity', { x }),
    );
  },
});

/** One sum after another. */
const addN = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const terms = Object.values(call.inputs) as tf.TensorInfo[];
    const [first] = terms;
    if (!terms.every(isBoolean) || first === undefined) return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) =>
      terms
        .slice(1)
        .reduce(
          (a, x) => runStock('Add', { a, b: runStock('Cast', { x }, { dtype: 'int32' }) }),
          runStock('Cast', { x: first }, { dtype: 'int32' }),
        ),
    );
  },
});

const topK = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    if (!isBoolean(x)) return stock.kernelFunc(call);
    const backend = call.backend as tf.KernelBackend;
    const cast = (from: tf.TensorInfo, dtype: tf.DataType) =>
      composite(backend, stock.backendName, (runStock) => runStock('Cast', { x: from }, { dtype }));
    const integers = cast(x, 'int32');
    const both = stock.kernelFunc({ ...call, inputs: { x: integers } });
    const [values, indices] = both as [tf.TensorInfo, tf.TensorInfo];
    const largest = cast(values, 'bool');
    for (const info of [integers, values]) dispose(backend, info);
    return [largest, indices];
  },
});

/**
 * Stock, wasm reads the bytes of booleans as numbers of four bytes in some kernels, TensorFlow computes with integers and floats alone,
 * false - true is 255 on cpu and webgpu, and true + true is true on wasm; the largest of booleans is an integer on webgpu.
 */
export function registerOfBooleans(): void {
  for (const mend of mends) {
    for (const name of mend.kernels) {
      for (const backendName of mend.backends) {
        wrapKernel(name, backendName, byIntegers(mend), 'booleans');
      }
    }
  }
  for (const backendName of everywhere) wrapKernel('AddN', backendName, addN, 'booleans');
  for (const backendName of native) {
    wrapKernel('TopK', backendName, topK, 'booleans');
    for (const name of same) wrapKernel(name, backendName, itself, 'booleans');
  }
}
