import type { Params } from '@neverend/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { ClipFormat } from './clip-source.ts';

/** A network that learns to tell classes of clips apart. */
export interface Trainee {
  /** Parameters by name, float32; the caller's, and untouched by training. */
  readonly params: Params;
  readonly format: ClipFormat;
  /**
   * @param video `[B, T, rows, columns, 3]`, float32 in the model's range. @param params some of `params` replaced by others of
   * their shapes.
   * @returns `[B, C]`, the caller's to dispose.
   */
  logits(video: tf.Tensor, params: Params): tf.Tensor2D;
  /** Whether weight decay takes hold of a parameter. Default: `decays`. */
  decays?(name: string): boolean;
}
