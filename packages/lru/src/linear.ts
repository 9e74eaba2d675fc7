import type { RandomKey } from '@neverend/backend';
import { checkedParam, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { normal } from './init.ts';

/** `kernel` `[D, E]` and `bias` `[E]` below a prefix, checked. @param units E; any where it is left out. */
export function linearParams(
  params: Params,
  name: string,
  width: number,
  units?: number,
): { readonly kernel: tf.Tensor; readonly bias: tf.Tensor } {
  const kernel = checkedParam(params, `${name}/kernel`, [width, units ?? 'E']);
  return { kernel, bias: checkedParam(params, `${name}/bias`, [kernel.shape[1] ?? 1]) };
}

/** Weights of a linear layer: normal with a variance of `variance` / D, bias 0. */
export function initLinear(
  key: RandomKey,
  width: number,
  units: number,
  variance = 1,
): Record<string, tf.Tensor> {
  return {
    kernel: normal(key, [width, units], Math.sqrt(variance / width)),
    bias: tf.zeros([units]),
  };
}
