import * as tf from '@tensorflow/tfjs-core';

/** What the code of TensorFlow.js' core and layers calls as a method of a tensor: functions that take the tensor first. */
const functions = {
  broadcastTo: tf.broadcastTo,
  cast: tf.cast,
  div: tf.div,
  expandDims: tf.expandDims,
  flatten: (x: tf.Tensor) => tf.reshape(x, [x.size]),
  gather: tf.gather,
  greaterEqual: tf.greaterEqual,
  logicalAnd: tf.logicalAnd,
  mean: tf.mean,
  minimum: tf.minimum,
  pad: tf.pad,
  reshape: tf.reshape,
  sign: tf.sign,
  slice: tf.slice,
  split: tf.split,
  square: tf.square,
  squeeze: tf.squeeze,
  stridedSlice: tf.stridedSlice,
  sub: tf.sub,
  sum: tf.sum,
  transpose: tf.transpose,
} as Readonly<Record<string, (...values: unknown[]) => unknown>>;

/**
 * Without the package `@tensorflow/tfjs`, which gives tensors their methods, stock `layers.lstm` throws "rMat.flatten is not a function" as it
 * initialises itself, and so do the metric r2Score and the gradient of prod. Methods that are there stay; those of an import that comes
 * later take the place of these.
 */
export function registerChainedMethods(): void {
  const methods = tf.Tensor.prototype as unknown as Record<string, unknown>;
  for (const [name, f] of Object.entries(functions)) {
    methods[name] ??= function (this: tf.Tensor, ...values: unknown[]): unknown {
      this.throwIfDisposed();
      return f(this, ...values);
    };
  }
}
