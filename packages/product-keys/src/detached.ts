import { withGradient } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';

/** The same numbers, through which no gradient goes. */
export const detached = (x: tf.Tensor): tf.Tensor =>
  // What a node of the tape reads and does not name as its input has no gradient. A clone would be on the tape.
  withGradient([], () => ({ value: tf.reshape(x, x.shape), saved: [], backward: () => [] }));
