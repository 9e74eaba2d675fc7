import * as tf from '@tensorflow/tfjs-core';
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
