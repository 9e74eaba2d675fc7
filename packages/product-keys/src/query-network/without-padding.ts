import { checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Tokens of which padding is 0, whatever it was, and has no gradient. A NaN that is multiplied by 0 stays NaN, and so reaches the gradient of what multiplies all tokens.
 *
 * @param x `[..., D]`. @param mask of the shape of x but its last axis, float32: 1 for tokens that count, 0 for padding. Default: all count, and x itself comes back.
 * @returns the shape of x. @throws ShapeError | DTypeError naming the argument.
 */
export function withoutPadding(x: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  checkTensor('x', x, ['...', 'D']);
  if (mask === undefined) return x;
  const outer = x.shape.slice(0, -1);
  checkTensor('mask', mask, outer);
  return tf.tidy(() => {
    const counts = tf.reshape(tf.cast(mask, 'bool'), [...outer, 1]);
    return tf.where(tf.broadcastTo(counts, x.shape), x, tf.zeros(x.shape));
  });
}
