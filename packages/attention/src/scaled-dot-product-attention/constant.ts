import * as tf from '@tensorflow/tfjs-core';

/** A number for an operation to take that may be infinite or NaN, which the debug mode of TensorFlow.js refuses as a plain number. */
export const constant = (value: number): tf.Scalar => tf.fill<tf.Rank.R0>([], value);
