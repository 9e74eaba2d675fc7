import { checkTensor } from '@neverend/backend';
import { withGradient } from '@neverend/backend/kernels';
import { softmax } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Mean cross-entropy of the next tokens, in nats. Its gradient keeps the logits alone, and computes the probabilities again.
 *
 * @param logits `[..., V]`, float32. @param targets int32 `[...]`, from 0 to V - 1.
 * @returns a scalar, the caller's to dispose. @throws ShapeError | DTypeError naming the argument.
 */
export function crossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  checkTensor('logits', logits, ['...', 'V']);
  checkTensor('targets', targets, logits.shape.slice(0, -1), 'int32');
  const vocabulary = logits.shape.at(-1) ?? 1;
  return tf.tidy(() => {
    const flat = tf.reshape(logits, [-1, vocabulary]);
    const hits = () => tf.oneHot(tf.reshape(targets, [-1]) as tf.Tensor1D, vocabulary);
    return withGradient([flat], () => ({
      value: tf.mean(lossesOf(flat, hits())),
      saved: [flat],
      backward: (dy, [kept]) => {
        const difference = tf.sub(softmax(kept as tf.Tensor), hits());
        return [tf.mul(difference, tf.div(dy, flat.shape[0] ?? 1))];
      },
    })) as tf.Scalar;
  });
}

/** The cross-entropy of each token, `[...]`; as `crossEntropy`, and without a gradient. */
export function tokenLosses(logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  checkTensor('logits', logits, ['...', 'V']);
  checkTensor('targets', targets, logits.shape.slice(0, -1), 'int32');
  return tf.tidy(() => {
    const vocabulary = logits.shape.at(-1) ?? 1;
    const hits = tf.oneHot(tf.reshape(targets, [-1]) as tf.Tensor1D, vocabulary);
    return tf.reshape(lossesOf(tf.reshape(logits, [-1, vocabulary]), hits), targets.shape);
  });
}

function lossesOf(logits: tf.Tensor, hits: tf.Tensor): tf.Tensor {
  return tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(hits, logits), 1));
}
