import { checkTensor } from '@neverend/backend';
import { withGradient } from '@neverend/backend/kernels';
import { gatherRows, scatterAddRows, softmax } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkTokenTensor } from './check-tokens.ts';

/**
 * Mean cross-entropy of the next tokens, in nats, with a gradient that keeps the probabilities.
 *
 * @param logits `[..., V]`, float32. @param targets int32 `[...]`, from 0 to V - 1. On `webgpu` and `tensorflow`, targets that a kernel has made or used are not
 * looked at, since that would wait for the device: the loss of such a one is undefined where it is out of this range.
 * @returns a scalar, the caller's to dispose. @throws ShapeError | DTypeError naming the argument. @throws RangeError for a target out of range.
 */
export function crossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  checkArguments(logits, targets);
  return tf.tidy(() => {
    const flat = tf.reshape(logits, [-1, logits.shape.at(-1) ?? 1]);
    return withGradient([flat], () => {
      const probabilities = softmax(flat);
      const places = placesOf(targets, flat);
      return {
        value: tf.mean(lossesOf(flat, probabilities, places)),
        saved: [probabilities, places],
        backward: (dy, [p, at]) => [differences(p as tf.Tensor, at as tf.Tensor, dy)],
      };
    }) as tf.Scalar;
  });
}

/** The cross-entropy of each token, `[...]`; as `crossEntropy`, and without a gradient. */
export function tokenLosses(logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  checkArguments(logits, targets);
  return tf.tidy(() => {
    const flat = tf.reshape(logits, [-1, logits.shape.at(-1) ?? 1]);
    const losses = lossesOf(flat, softmax(flat), placesOf(targets, flat));
    return tf.reshape(losses, targets.shape);
  });
}

function checkArguments(logits: tf.Tensor, targets: tf.Tensor): void {
  checkTensor('logits', logits, ['...', 'V']);
  const outer = logits.shape.slice(0, -1);
  checkTokenTensor('targets', targets, outer, logits.shape.at(-1) ?? 1);
}

/** Where the targets lie among all numbers of the logits `[T, V]`. */
function placesOf(
  targets: tf.Tensor,
  { shape: [tokens = 1, vocabulary = 1] }: tf.Tensor,
): tf.Tensor {
  const starts = tf.range(0, tokens * vocabulary, vocabulary, 'int32');
  return tf.add(starts, tf.reshape(targets, [-1]));
}

/** The largest probability of a row never underflows, so that the logarithm of the sum of exponentials comes from it. */
function lossesOf(logits: tf.Tensor, probabilities: tf.Tensor, places: tf.Tensor): tf.Tensor {
  const logSums = tf.sub(tf.max(logits, 1), tf.log(tf.max(probabilities, 1)));
  const chosen = gatherRows(tf.reshape(logits, [-1, 1]), places);
  return tf.sub(logSums, tf.reshape(chosen, [-1]));
}

/** The probabilities less 1 where the targets are, times dy / T. */
function differences(probabilities: tf.Tensor, places: tf.Tensor, dy: tf.Tensor): tf.Tensor {
  const share = tf.div(dy, places.size);
  const scaled = tf.mul(tf.reshape(probabilities, [-1, 1]), share);
  const taken = tf.mul(tf.fill([places.size, 1], -1), share);
  // What is added to in place is a variable.
  const table = tf.variable(scaled, false);
  scatterAddRows(table, places, taken);
  const result = tf.reshape(table, probabilities.shape);
  table.dispose();
  return result;
}
