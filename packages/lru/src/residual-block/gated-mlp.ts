import {
  checkNumber,
  checkOptions,
  checkSizes,
  checkTensor,
  type RandomKey,
  subkey,
} from '@neverend/backend';
import {
  checkedParam,
  gelu,
  initLinear,
  linear,
  linearParams,
  normal,
  type Params,
  withPrefix,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The gated MLP of Griffin (arXiv 2402.19427, section 2.2): ffw_down(GELU(x W_0 + b_0) · (x W_1 + b_1)), with the tanh form of
 * GELU.
 *
 * @param x `[..., D]`, float32.
 * @param params `ffw_up/w` `[2, D, F]`, `ffw_up/b` `[2, 1, 1, F]`, `ffw_down/kernel` `[F, D]`, `ffw_down/bias` `[D]`.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function gatedMlp(x: tf.Tensor, params: Params): tf.Tensor {
  checkTensor('x', x, ['...', 'D']);
  const width = x.shape.at(-1) ?? 1;
  const w = checkedParam(params, 'ffw_up/w', [2, width, 'F']);
  const hidden = w.shape[2] ?? 1;
  const b = checkedParam(params, 'ffw_up/b', [2, 1, 1, hidden]);
  const down = linearParams(params, 'ffw_down', hidden, width);
  return tf.tidy(() => {
    const [gateW, w1] = tf.unstack(w) as [tf.Tensor, tf.Tensor];
    const [gateB, b1] = tf.unstack(tf.reshape(b, [2, hidden])) as [tf.Tensor, tf.Tensor];
    const gate = gelu(linear(x, gateW), { bias: gateB });
    const gated = tf.mul(gate, linear(x, w1, b1));
    return linear(gated, down.kernel, down.bias);
  });
}

/**
 * Weights to start with, as RecurrentGemma has them: `ffw_up/w` normal with a variance of 1 / (2 D), `ffw_down/kernel` with
 * `outVariance` / F, biases 0.
 *
 * @returns tensors by the names that `gatedMlp` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless both widths are positive integers. @throws RangeError for an `outVariance` below 0.
 */
export function initGatedMlp(
  key: RandomKey,
  sizes: { readonly width: number; readonly mlpWidth: number; readonly outVariance?: number },
): Record<string, tf.Tensor> {
  checkOptions('initGatedMlp', sizes, ['width', 'mlpWidth', 'outVariance']);
  const { width, mlpWidth, outVariance = 1 } = sizes;
  checkSizes({ width, mlpWidth });
  checkNumber('outVariance', outVariance, 0);
  const keyOf = (name: string) => subkey(key, name);
  return {
    'ffw_up/w': normal(keyOf('ffw_up'), [2, width, mlpWidth], Math.sqrt(1 / (2 * width))),
    'ffw_up/b': tf.zeros([2, 1, 1, mlpWidth]),
    ...withPrefix(
      initLinear(keyOf('ffw_down'), mlpWidth, width, { variance: outVariance }),
      'ffw_down/',
    ),
  };
}
