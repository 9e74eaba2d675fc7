import type { NamedArray } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';

/** Named arrays in memory, as checkpoints hold them. */
export type Arrays = Readonly<Record<string, NamedArray>>;

/** Copies tensors of float32 and int32 out of the backend, one after the other. They stay the caller's. */
export async function readArrays(tensors: Readonly<Record<string, tf.Tensor>>): Promise<Arrays> {
  const arrays: Record<string, NamedArray> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    // data() may be a view of the backend's own memory, which the next kernel overwrites.
    const data = (await tensor.data()).slice();
    arrays[name] = { dtype: tensor.dtype, shape: tensor.shape, data } as NamedArray;
  }
  return arrays;
}

/** @returns the caller's to dispose. */
export function toTensor({ data, shape, dtype }: NamedArray): tf.Tensor {
  // Of its own memory: the backend `cpu` keeps the array that it is given.
  return tf.tensor((data as Float32Array).slice(), [...shape], dtype as 'float32' | 'int32');
}
