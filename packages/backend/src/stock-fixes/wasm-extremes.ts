import * as tf from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../kernels.generated.ts';
import { wasmCall } from '../wasm/call.ts';
import { wrapKernel } from './registry.ts';

const count = ({ shape }: tf.TensorInfo): number => tf.util.sizeFromShape([...shape]);

/** The larger numbers, or the smaller ones, of two inputs of which one may have a single number. */
function extremes(
  backend: tf.KernelBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  shape: readonly number[],
  larger: boolean,
): tf.TensorInfo {
  const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
  const y = output(shape);
  const size = count(y);
  const stepOf = (x: tf.TensorInfo) => (count(x) === size ? 4 : 0);
  const values = [at(y), at(a), stepOf(a), at(b), stepOf(b), Number(larger)];
  parallelFor('extremes', values, size, Math.max(1, size));
  return y;
}

const ofTwo = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { a, b } = call.inputs as Record<'a' | 'b', tf.TensorInfo>;
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock.kernelFunc(call);
    const backend = call.backend as tf.KernelBackend;
    const shape = tf.backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
    const size = tf.util.sizeFromShape(shape);
    const larger = stock.kernelName === 'Maximum';
    if ([a, b].every((x) => count(x) === size || count(x) === 1)) {
      return extremes(backend, a, b, shape, larger);
    }
    // Either way stock keeps what is no number in the first.
    const first = stock.kernelFunc(call) as tf.TensorInfo;
    const second = stock.kernelFunc({ ...call, inputs: { a: b, b: a } }) as tf.TensorInfo;
    const y = extremes(backend, first, second, shape, larger);
    for (const { dataId } of [first, second]) backend.disposeData(dataId);
    return y;
  },
});

/** @param endsOf the lowest and the highest number, by the attributes. */
const clamp =
  (endsOf: (attrs: unknown) => readonly [number, number]) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const { x } = call.inputs as Record<'x', tf.TensorInfo>;
      if (x.dtype !== 'float32') return stock.kernelFunc(call);
      const { parallelFor, at, output } = wasmCall(
        call.backend as tf.KernelBackend,
        kernelBinaries,
      );
      const y = output(x.shape);
      parallelFor('clamp', [at(y), at(x), ...endsOf(call.attrs)], count(x), Math.max(1, count(x)));
      return y;
    },
  });

/** Stock, NaN becomes a number in these, and in the extremes of two that is so in the second. */
export function registerWasmExtremes(): void {
  for (const name of ['Maximum', 'Minimum']) wrapKernel(name, 'wasm', ofTwo, 'NaN');
  wrapKernel(
    'ClipByValue',
    'wasm',
    clamp((attrs) => {
      const { clipValueMin, clipValueMax } = attrs as tf.ClipByValueAttrs;
      return [clipValueMin, clipValueMax];
    }),
    'NaN',
  );
  wrapKernel(
    'Relu6',
    'wasm',
    clamp(() => [0, 6]),
    'NaN',
  );
}
