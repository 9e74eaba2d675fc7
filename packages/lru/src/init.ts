import { type RandomKey, randomNormal } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** Normal numbers with this standard deviation. */
export function normal(key: RandomKey, shape: readonly number[], deviation: number): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const values = randomNormal(key, size).map((value) => value * deviation);
  return tf.tensor(values, [...shape], 'float32');
}
