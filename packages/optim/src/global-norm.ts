import * as tf from '@tensorflow/tfjs-core';

/** The constant that PyTorch adds to the norm before it divides by it. */
const normEpsilon = 1e-6;

/**
 * Euclidean norm of all gradients taken as one vector. Nothing is read back from the device.
 *
 * @param grads float32 tensors of any shapes, by name; they stay the caller's. The null that
 * `tf.variableGrads` gives for a variable that is frozen is skipped.
 * @returns the norm, a scalar; 0 when there are no gradients. The caller disposes it.
 */
export function globalNorm(grads: tf.NamedTensorMap): tf.Scalar {
  return tf.tidy(() => {
    const squares = present(grads).map(([, grad]) => sum(tf.square(grad)));
    // Not tf.addN: WebGPU computes garbage for more inputs than it can bind. tf.stack goes in steps there.
    return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.sum(tf.stack(squares)));
  });
}

/**
 * Scales all gradients by `min(1, maxNorm / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_` does, in new
 * tensors. Nothing is read back from the device.
 *
 * What is not finite goes PyTorch's way too. A NaN among the gradients makes the norm and all gradients NaN.
 * A norm of `Infinity`, from an infinite gradient or from squares above float32 (gradients above 1.8e19),
 * makes infinite gradients NaN and all others 0 (all NaN where `maxNorm` is `Infinity`): look at the norm.
 *
 * @param grads float32 tensors of any shapes, by name; they stay the caller's. The null that
 * `tf.variableGrads` gives for a variable that is frozen is skipped.
 * @param maxNorm largest norm; `Infinity` only measures a norm that is finite.
 * @returns the scaled gradients under their names, none for null, and the norm before scaling; the caller
 * disposes both.
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
    for (const [name, grad] of present(grads)) clipped[name] = tf.mul(grad, scale);
    return { grads: clipped, norm };
  });
}

/** The types of TensorFlow.js hide the null of a variable that is frozen. */
function present(grads: tf.NamedTensorMap): [string, tf.Tensor][] {
  return Object.entries(grads).filter(([, grad]) => grad != null);
}

/** Rows first: wasm adds one number after the other, which for a million of them loses the fourth digit. */
function sum(x: tf.Tensor): tf.Tensor {
  return tf.sum(x.rank > 1 ? tf.sum(x, -1) : x);
}
