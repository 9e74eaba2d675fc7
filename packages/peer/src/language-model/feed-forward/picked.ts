import type { RetrievalConfig, Retrieved } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import type { FeedForwardCall, FeedForwardResult } from './types.ts';

/** What a layer that retrieves answers as a feed-forward. @param y `[T, D]`. */
export function pickedOf(
  y: tf.Tensor,
  { indices, gates, updates }: Retrieved,
  { heads, k }: RetrievalConfig,
  { training, picks }: Pick<FeedForwardCall, 'training' | 'picks'>,
): FeedForwardResult {
  const flat = (of: tf.Tensor) => tf.reshape(of, [-1, heads * k]);
  return {
    y: y as tf.Tensor2D,
    ...(training && { buffers: updates }),
    ...(picks && { picks: { indices: flat(indices), weights: flat(gates) } }),
  };
}
