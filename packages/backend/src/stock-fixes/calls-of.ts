import type * as tf from '@tensorflow/tfjs-core';

type Run = (name: string, inputs: tf.NamedTensorMap, attrs?: tf.NamedAttrMap) => tf.Tensor;

/** What is done in the place of the calls of kernels that a function of TensorFlow.js makes. */
export type CallsOf = (
  run: Run,
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap | undefined,
) => tf.Tensor;
