import type * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** Kernels whose result is a float whatever goes in, and which of their inputs may be integers or booleans. */
const functions: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    [
      ...['Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Cos', 'Cosh', 'Sin', 'Sinh', 'Tan'],
      ...['Tanh', 'Exp', 'Expm1', 'Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Reciprocal', 'Erf'],
      ...['Sigmoid', 'Softplus', 'Elu', 'Selu', 'LeakyRelu', 'IsNan', 'IsInf', 'IsFinite'],
    ].map((name) => [name, ['x']]),
  ),
  Prelu: ['x', 'alpha'],
  Atan2: ['a', 'b'],
  FusedBatchNorm: ['x', 'mean', 'variance', 'offset', 'scale'],
  LRN: ['x'],
  ResizeBilinear: ['images'],
  CropAndResize: ['image'],
};

/** Casts to float32 first. */
const ofFloats =
  (names: readonly string[]) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const inputs = call.inputs as Record<string, tf.TensorInfo>;
      const others = names.filter((name) => isWhole(inputs[name]));
      if (others.length === 0) return stock.kernelFunc(call);
      return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
        const floats = others.map((name) => {
          const x = inputs[name] as tf.TensorInfo;
          return [name, runStock('Cast', { x }, { dtype: 'float32' })];
        });
        return runStock(
          stock.kernelName,
          { ...inputs, ...Object.fromEntries(floats) },
          call.attrs as tf.NamedAttrMap,
        );
      });
    },
  });

const isWhole = (x: tf.TensorInfo | undefined): boolean =>
  x?.dtype === 'int32' || x?.dtype === 'bool';

/** What a kernel makes of an input of this dtype instead. */
const instead =
  (dtype: tf.DataType, work: (runStock: RunStock, call: Call) => tf.TensorInfo) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      if (call.inputs['x']?.dtype !== dtype) return stock.kernelFunc(call);
      return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) =>
        work(runStock, call as unknown as Call),
      );
    },
  });

interface Call {
  readonly inputs: { readonly x: tf.TensorInfo };
  readonly attrs: tf.NamedAttrMap;
}

/** -x of booleans, which are 0 and 1. */
const negative = (runStock: RunStock, { inputs: { x } }: Call): tf.TensorInfo =>
  runStock('Neg', { x: runStock('Cast', { x }, { dtype: 'int32' }) });

const itself = (runStock: RunStock, { inputs }: Call): tf.TensorInfo =>
  runStock('Identity', inputs);

/** By way of floats, which hold each result that a step has. */
const step = (runStock: RunStock, { inputs: { x }, attrs }: Call): tf.TensorInfo => {
  const y = runStock('Step', { x: runStock('Cast', { x }, { dtype: 'float32' }) }, attrs);
  return runStock('Cast', { x: y }, { dtype: 'int32' });
};

/** Between the two limits, without what is behind their points. */
const clipped = (runStock: RunStock, { inputs: { x }, attrs }: Call): tf.TensorInfo => {
  const { clipValueMin, clipValueMax } = attrs as unknown as tf.ClipByValueAttrs;
  const limit = (value: number) => {
    const whole = Math.trunc(Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1));
    return runStock('Fill', {}, { shape: [], value: whole, dtype: 'int32' });
  };
  const above = runStock('Maximum', { a: x, b: limit(clipValueMin) });
  return runStock('Minimum', { a: above, b: limit(clipValueMax) });
};

/**
 * Stock, such a function of int32 or bool is of the bits on wasm, cut to an integer on cpu and webgpu, and refused by
 * TensorFlow.
 */
export function registerFloatsOfIntegers(): void {
  for (const backendName of ['cpu', 'wasm', 'webgpu', 'tensorflow']) {
    for (const [kernelName, names] of Object.entries(functions)) {
      wrapKernel(kernelName, backendName, ofFloats(names), 'floats of integers');
    }
    wrapKernel('Neg', backendName, instead('bool', negative), 'floats of integers');
  }
  for (const [kernelName, backendName, work] of [
    ['ClipByValue', 'wasm', clipped],
    ['ClipByValue', 'webgpu', clipped],
    ['ClipByValue', 'tensorflow', clipped],
    ['Round', 'tensorflow', itself],
    ['Step', 'tensorflow', step],
  ] as const) {
    wrapKernel(kernelName, backendName, instead('int32', work), 'floats of integers');
  }
}
