import * as tf from '@tensorflow/tfjs-core';

/** `tf.tidy` for objects of objects of tensors, which its types do not take. */
export function tidied<T>(work: () => T): T {
  return tf.tidy(work as () => tf.TensorContainer) as T;
}

/** `tf.dispose` likewise. */
export function disposeAll(tensors: unknown): void {
  tf.dispose(tensors as tf.TensorContainer);
}
