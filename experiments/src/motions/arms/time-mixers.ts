import type { RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import type { TRecViTConfig } from '@neverend/trecvit';
import type * as tf from '@tensorflow/tfjs-core';
import { attentionOverTime } from './attention-over-time.ts';
import { convolutionOverTime } from './convolution-over-time.ts';
import { lruOverTime } from './lru-over-time.ts';
import { lstmOverTime } from './lstm-over-time.ts';

/** What mixes each token over time in the layers of an arm. */
export interface TimeMixer {
  /** Parameters of one layer to start with, a function of `key` alone and the caller's to dispose. */
  init(key: RandomKey, config: TRecViTConfig): Record<string, tf.Tensor>;
  /** A residual block, `[B, T, N, D]` to the same, in which no frame sees a later one. */
  mix(x: tf.Tensor, params: Params, config: TRecViTConfig): tf.Tensor;
}

/**
 * The arms. Each block has an inner width of its own, so that all have the same number of parameters but for a twentieth: the recurrent
 * unit's, twice the tokens' width, sets it.
 */
export const timeMixers = {
  lru: lruOverTime,
  attention: attentionOverTime,
  lstm: lstmOverTime,
  convolution: convolutionOverTime,
} as const satisfies Record<string, TimeMixer>;

export type ArmName = keyof typeof timeMixers;

export const armNames: readonly ArmName[] = ['lru', 'attention', 'lstm', 'convolution'];
