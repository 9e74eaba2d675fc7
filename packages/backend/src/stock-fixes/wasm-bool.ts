import * as tf from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../kernels.generated.ts';
import { wasmCall } from '../wasm/call.ts';
import { composite, type WasmBackend } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** Kernels that take a boolean for four bytes, reading and writing beyond the tensors, and which of their inputs may be booleans. */
const fourBytes: Readonly<Record<string, readonly [string, ...string[]]>> = {
  Select: ['t', 'e'],
  Reverse: ['x'],
  StridedSlice: ['x'],
};

/** Works on integers in the place of booleans. */
const throughIntegers =
  (names: readonly [string, ...string[]]) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const inputs = call.inputs as Record<string, tf.TensorInfo>;
      const dtype = inputs[names[0]]?.dtype;
      if (dtype !== 'bool') return labelled(call.backend, stock.kernelFunc(call), dtype);
      return composite(call.backend as tf.KernelBackend, 'wasm', (runStock) => {
        const integers = names.map((name) => {
          const x = inputs[name] as tf.TensorInfo;
          return [name, runStock('Cast', { x }, { dtype: 'int32' })];
        });
        const all = { ...inputs, ...Object.fromEntries(integers) };
        return runStock(
          'Cast',
          { x: runStock(stock.kernelName, all, call.attrs) },
          { dtype: 'bool' },
        );
      });
    },
  });

/** Strided slices of integers come out as the bits of float32 numbers. */
function labelled(
  backend: unknown,
  result: tf.TensorInfo | tf.TensorInfo[],
  dtype: tf.DataType | undefined,
): tf.TensorInfo {
  const info = result as tf.TensorInfo;
  if (dtype === undefined || info.dtype === dtype) return info;
  const { dataIdMap } = backend as { dataIdMap: WeakMap<tf.DataId, { dtype: tf.DataType }> };
  const data = dataIdMap.get(info.dataId);
  if (data !== undefined) data.dtype = dtype;
  return { ...info, dtype };
}

/** Whether each number is another than 0, which NaN is and -0 is not. */
function toBool(backend: tf.KernelBackend, x: tf.TensorInfo): tf.TensorInfo {
  const wasm = backend as unknown as WasmBackend;
  const out = wasm.makeOutput(x.shape, 'bool');
  const { parallelFor, at } = wasmCall(backend, kernelBinaries);
  const size = tf.util.sizeFromShape(x.shape);
  const bytes = x.dtype === 'bool' ? 1 : 4;
  // The sign of a zero is no number of its own.
  const mask = x.dtype === 'float32' ? 0x7fffffff : -1;
  parallelFor('toBool', [at(out), at(x), bytes, mask], size, Math.max(1, size));
  return out;
}

/**
 * Stock, a cast to bool keeps the lowest byte of the integer part: 0.5 and 256 become false, and 2 stays 2. Other kernels go through memory that is not
 * the tensor's.
 */
export function registerWasmBool(): void {
  wrapKernel('Cast', 'wasm', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const { dtype } = call.attrs as unknown as tf.CastAttrs;
      const { x } = call.inputs as Record<'x', tf.TensorInfo>;
      return dtype === 'bool'
        ? toBool(call.backend as tf.KernelBackend, x)
        : stock.kernelFunc(call);
    },
  }));
  for (const [name, inputs] of Object.entries(fourBytes)) {
    wrapKernel(name, 'wasm', throughIntegers(inputs));
  }
  wrapKernel('OneHot', 'wasm', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const attrs = call.attrs as unknown as tf.OneHotAttrs;
      const { dtype, onValue, offValue } = attrs;
      if (dtype === 'int32') return stock.kernelFunc(call);
      return composite(call.backend as tf.KernelBackend, 'wasm', (runStock) => {
        const { indices } = call.inputs as Record<'indices', tf.TensorInfo>;
        const bits = { ...call.attrs, dtype: 'int32', onValue: 1, offValue: 0 };
        const condition = runStock(
          'Cast',
          { x: runStock('OneHot', { indices }, bits) },
          { dtype: 'bool' },
        );
        const fill = (value: number) =>
          runStock('Fill', {}, { shape: condition.shape, value, dtype });
        return runStock('Select', { condition, t: fill(onValue), e: fill(offValue) });
      });
    },
  }));
}
