import * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';
import { result, valuesOf } from './values.ts';

type Call = Parameters<tf.KernelFunc>[0];

/** How far the numbers of an input are apart along each axis of the output; 0 where it has one. */
function stepsOf(shape: readonly number[], rank: number): number[] {
  const padded = [...Array<number>(rank - shape.length).fill(1), ...shape];
  return padded.map((size, axis) =>
    size === 1 ? 0 : tf.util.sizeFromShape(padded.slice(axis + 1)),
  );
}

/** What `f` makes of each two numbers, of which it may give any. */
export function ofTwo(
  { inputs, backend }: Call,
  dtype: 'float32' | 'int32',
  f: (a: number, b: number) => number,
): tf.TensorInfo {
  const { a, b } = inputs as Record<'a' | 'b', tf.TensorInfo>;
  const shape = tf.backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  const [ofA, ofB] = [stepsOf(a.shape, shape.length), stepsOf(b.shape, shape.length)];
  const [as, bs] = [valuesOf(backend, a), valuesOf(backend, b)];
  const y = new (dtype === 'int32' ? Int32Array : Float32Array)(tf.util.sizeFromShape(shape));
  for (let to = 0; to < y.length; to++) {
    let [rest, i, j] = [to, 0, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] as number;
      const place = rest % size;
      rest = (rest - place) / size;
      i += place * (ofA[axis] as number);
      j += place * (ofB[axis] as number);
    }
    y[to] = f(as[i] as number, bs[j] as number);
  }
  return result(backend, shape, dtype, y);
}

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
