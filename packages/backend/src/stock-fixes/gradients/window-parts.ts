import * as tf from '@tensorflow/tfjs-core';
import type { poolOf } from '../max-pool.ts';

type Windows = Omit<ReturnType<typeof poolOf>, 'outShape'>;

/** The numbers that windows have at one of their places, for all windows: `[B d, h, w, C]`; `fill` where that is outside. */
export function* partsOf(
  x: tf.Tensor,
  pool: Windows,
  fill: number,
  dilation: readonly [number, number, number] = [1, 1, 1],
): Generator<tf.Tensor> {
  const { batch, channels, input, output, filter, stride, pad } = pool;
  const after = output.map((n, axis) => {
    const span = ((filter[axis] ?? 1) - 1) * (dilation[axis] ?? 1) + 1;
    const reach = (n - 1) * (stride[axis] ?? 1) + span;
    return Math.max(reach - (input[axis] ?? 0) - (pad[axis] ?? 0), 0);
  });
  // Kernels of some backends stop at rank 4.
  const image = tf.reshape(x, [batch * input[0], input[1], input[2], channels]);
  const flat = tf.pad4d(
    image as tf.Tensor4D,
    [
      [0, 0],
      [pad[1], after[1] ?? 0],
      [pad[2], after[2] ?? 0],
      [0, 0],
    ],
    fill,
  );
  const [, height, width] = flat.shape;
  const deep = tf.pad4d(
    tf.reshape(flat, [batch, input[0], height * width, channels]) as tf.Tensor4D,
    [
      [0, 0],
      [pad[0], after[0] ?? 0],
      [0, 0],
      [0, 0],
    ],
    fill,
  );
  const depth = deep.shape[1];
  for (let k = 0; k < filter[0]; k++) {
    const d = k * dilation[0];
    const last = d + (output[0] - 1) * stride[0] + 1;
    const layers = tf.stridedSlice(
      deep,
      [0, d, 0, 0],
      [batch, Math.min(last, depth), height * width, channels],
      [1, stride[0], 1, 1],
    );
    const images = tf.reshape(layers, [batch * output[0], height, width, channels]);
    for (let i = 0; i < filter[1]; i++) {
      for (let j = 0; j < filter[2]; j++) {
        const [row, column] = [i * dilation[1], j * dilation[2]];
        const end = [
          batch * output[0],
          row + (output[1] - 1) * stride[1] + 1,
          column + (output[2] - 1) * stride[2] + 1,
          channels,
        ];
        yield tf.stridedSlice(images, [0, row, column, 0], end, [1, stride[1], stride[2], 1]);
      }
    }
  }
}
