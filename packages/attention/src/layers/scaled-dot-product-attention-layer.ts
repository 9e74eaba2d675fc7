import {
  byDefault,
  defineLayer,
  dropoutRate,
  finite,
  flag,
  type LayerFactory,
  optional,
  type SeededLayerArgs,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { scaledDotProductAttention } from '../scaled-dot-product-attention/index.ts';
import { masksOf } from './masks.ts';

/** Arguments of `neverendScaledDotProductAttention`. */
export interface NeverendScaledDotProductAttentionArgs extends SeededLayerArgs {
  /** Factor of the scores; 1 / sqrt(d) where it is left out. */
  scale?: number;
  /** Whether query i sees keys up to i alone; false where it is left out. */
  causal?: boolean;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/**
 * `scaledDotProductAttention` as a layer of q `[rows, M, H, d]`, k `[rows, N, H, d]` and v `[rows, N, H, e]`, in this order, to
 * `[rows, M, H, e]`. A fourth input is the mask: `[rows, N]`, of keys, `[rows, M, N]` or `[rows, H, M, N]`. It has no weights; `seed` is that of dropout.
 */
export const neverendScaledDotProductAttention: LayerFactory<NeverendScaledDotProductAttentionArgs> =
  defineLayer({
    name: 'NeverendScaledDotProductAttention',
    inputs: ['q', 'k', 'v'],
    optionalInputs: ['mask'],
    args: {
      scale: optional(finite),
      causal: byDefault(false, flag),
      attentionDropoutRate: dropoutRate,
    },
    seeded: true,
    forward: ([q, k, v, given], _params, { args, dropout }) => {
      const { scale, causal, attentionDropoutRate } = args;
      const options = { causal, ...masksOf(given), dropout: dropout(attentionDropoutRate) };
      return scaledDotProductAttention(q, k as tf.Tensor, v as tf.Tensor, { ...options, scale });
    },
    outputShape: ([q, , v]) => [...q.slice(0, 3), v?.[3] ?? null],
  });
