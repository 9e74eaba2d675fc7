import type { RandomKey } from '@neverend/backend';
import { checkTensor, gelu, randomKey } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkedParam } from '../checks.ts';
import { initLinear, linear } from '../linear/index.ts';
import { type Params, paramsAbove } from '../params.ts';

/**
 * The MLP of a transformer block: linear to F, GELU (tanh form), linear back to D.
 *
 * @param x `[..., D]`, float32.
 * @param params `Dense_0/kernel` `[D, F]`, `Dense_0/bias` `[F]`, `Dense_1/kernel` `[F, D]`, `Dense_1/bias` `[D]`.
 * @returns `[..., D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function mlp(x: tf.Tensor, params: Params): tf.Tensor {
  checkTensor('x', x, ['...', 'D']);
  const width = x.shape.at(-1) ?? 1;
  const kernel0 = checkedParam(params, 'Dense_0/kernel', [width, 'F']);
  const hidden = kernel0.shape[1] ?? 1;
  const bias0 = checkedParam(params, 'Dense_0/bias', [hidden]);
  const kernel1 = checkedParam(params, 'Dense_1/kernel', [hidden, width]);
  const bias1 = checkedParam(params, 'Dense_1/bias', [width]);
  return tf.tidy(() => linear(gelu(linear(x, kernel0), { bias: bias0 }), kernel1, bias1));
}

/**
 * Weights of an MLP: Xavier uniform for both kernels, and biases 0 (flax' ViT draws these with a standard
 * deviation of 1e-6).
 *
 * @returns tensors by the names that `mlp` reads, a function of `key` alone and the caller's to dispose.
 */
export function initMlp(
  key: RandomKey,
  { width, mlpWidth }: { readonly width: number; readonly mlpWidth: number },
): Record<string, tf.Tensor> {
  const keyOf = (name: string) => randomKey(key.low, key.high, name);
  return {
    ...paramsAbove(initLinear(keyOf('Dense_0'), width, mlpWidth), 'Dense_0/'),
    ...paramsAbove(initLinear(keyOf('Dense_1'), mlpWidth, width), 'Dense_1/'),
  };
}
