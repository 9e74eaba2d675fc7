import type { RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import type { TRecViTConfig } from '@neverend/trecvit';
import type * as tf from '@tensorflow/tfjs-core';

/** What mixes each token over time in the layers of an arm. */
export interface TimeMixer {
  /** Parameters of one layer to start with, a function of `key` alone and the caller's to dispose. */
  init(key: RandomKey, config: TRecViTConfig): Record<string, tf.Tensor>;
  /** A residual block, `[B, T, N, D]` to the same, in which no frame sees a later one. */
  mix(x: tf.Tensor, params: Params, config: TRecViTConfig): tf.Tensor;
}
