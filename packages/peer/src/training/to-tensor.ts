import type { NamedArray } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';

/** @returns the caller's to dispose. */
export function toTensor({ data, shape, dtype }: NamedArray): tf.Tensor {
  // Of its own memory: the backend `cpu` keeps the array that it is given.
  return tf.tensor((data as Float32Array).slice(), [...shape], dtype as 'float32' | 'int32');
}
