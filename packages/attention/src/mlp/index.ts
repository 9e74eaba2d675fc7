import type * as tf from '@tensorflow/tfjs-core';
import { tidy } from '@tensorflow/tfjs-core';
import { checkedParam, checkTensor } from '../checks.ts';
import { gelu } from '../gelu/index.ts';
import { linear } from '../linear/index.ts';
import type { Params } from '../types.ts';

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
  return tidy(() => linear(gelu(linear(x, kernel0, bias0)), kernel1, bias1));
}
