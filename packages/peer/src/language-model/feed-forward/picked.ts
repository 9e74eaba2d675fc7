import type { RetrievalConfig, Retrieved } from '@neverend/product-keys';
import type * as tf from '@tensorflow/tfjs-core';
import type { FeedForwardCall, FeedForwardResult, Items } from './types.ts';

/** What a layer that retrieves answers as a feed-forward. @param y `[T, D]`. */
export function pickedOf(
  y: tf.Tensor,
  { indices, gates, updates }: Retrieved,
  { training, picks }: Pick<FeedForwardCall, 'training' | 'picks'>,
): FeedForwardResult {
  return {
    y: y as tf.Tensor2D,
    ...(training && { buffers: updates }),
    ...(picks && { picks: { indices, gates } }),
  };
}

/** Among which items it picks. */
export const itemsOf = ({ sizes, heads, splitTables = false }: RetrievalConfig): Items => ({
  ...{ sizes, tables: splitTables ? heads : 1 },
});
