import { checkNumber } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** How fast a real-gated linear recurrent unit forgets. */
export interface DecayOptions {
  /** The constant c: with its gate open, a step's decay is the eigenvalue to the power of c. Default: 8, that of Griffin. */
  readonly decayPower?: number;
}

/** The power that the kernels have. */
const ofKernels = 8;

/**
 * The parameter p' with 8 softplus(p') = `power` softplus(p): the kernels need to know one power alone. Differentiable.
 *
 * @returns `aParam` itself where the power is theirs, else a tensor that is the caller's to dispose.
 * @throws RangeError unless the power is above 0.
 */
export function poweredParam(aParam: tf.Tensor, power: number = ofKernels): tf.Tensor {
  checkNumber('decayPower', power, 0);
  if (power === 0) throw new RangeError('decayPower was 0; it must be above 0');
  if (power === ofKernels) return aParam;
  return tf.tidy(() => {
    const decay = tf.mul(tf.softplus(aParam), power / ofKernels);
    // log(exp(decay) - 1), which does not overflow.
    return tf.add(decay, tf.log(tf.neg(tf.expm1(tf.neg(decay)))));
  });
}
