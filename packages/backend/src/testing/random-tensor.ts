import * as tf from '@tensorflow/tfjs-core';
import { type RandomKey, randomNormal } from '../random.ts';

/**
 * A float32 tensor of normal numbers with mean 0 and standard deviation `scale`, equal on every backend.
 *
 * @returns a tensor of this shape; the caller disposes it.
 */
export function randomTensor(key: RandomKey, shape: readonly number[], scale = 1): tf.Tensor {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return tf.tensor(
    randomNormal(key, size).map((value) => value * scale),
    [...shape],
    'float32',
  );
}
