import * as tf from '@tensorflow/tfjs-core';

/** The constant that PyTorch adds to the norm before it divides by it. */
const normEpsilon = 1e-6;

/**
 * Euclidean norm of all gradients taken as one vector. Nothing is read back from the device.
 *
 * @param grads float32 tensors of any shapes, by name; they stay the caller's.
 * @returns the norm, a scalar; 0 when there are no gradients. The caller disposes it.
 */
export function globalNorm(grads: tf.NamedTensorMap): tf.Scalar {
  return tf.tidy(() => {
    const squares = Object.values(grads).map((grad) => sum(tf.square(grad)));
    return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.addN(squares) as tf.Scalar);
  });
}

/**
 * Scales all gradients by `min(1, maxNorm / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_` does, in new
 * tensors. A norm that is not finite makes gradients that are not finite. Nothing is read back from the device.
 *
 * @param grads float32 tensors of any shapes, by name; they stay the caller's.
 * @param maxNorm largest norm; `Infinity` only measures.
 * @returns the scaled gradients under their names and the norm before scaling; the caller disposes both.
 * @throws RangeError when `maxNorm` is not above 0.
 */
export function clipByGlobalNorm(
  grads: tf.NamedTensorMap,
  maxNorm: number,
): { grads: tf.NamedTensorMap; norm: tf.Scalar } {
  if (!(maxNorm > 0)) throw new RangeError(`maxNorm was ${maxNorm}; it must be above 0`);
  return tf.tidy(() => {
    const norm = globalNorm(grads);
    const scale = tf.minimum(tf.div(maxNorm, tf.add(norm, normEpsilon)), 1);
    const clipped: tf.NamedTensorMap = {};
    for (const [name, grad] of Object.entries(grads)) clipped[name] = tf.mul(grad, scale);
    return { grads: clipped, norm };
  });
}

/** Rows first: wasm adds one number after the other, which for a million of them loses the fourth digit. */
function sum(x: tf.Tensor): tf.Tensor {
  return tf.sum(x.rank > 1 ? tf.sum(x, -1) : x);
}
