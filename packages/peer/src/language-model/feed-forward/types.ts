import type { RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import type * as tf from '@tensorflow/tfjs-core';

/** A feed-forward layer of a block: what is made of each token by itself. Its names of parameters are its own, below those of its block. */
export interface FeedForward {
  /** Of all parameters: those that are trained, and buffers. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** The parameters `[N, D]` of which a step touches some rows: row optimisers train them, and `rowGradients` has their gradients. */
  readonly tables: readonly string[];
  /** The parameters that have no gradient, and that training replaces by what `apply` gives: running figures. */
  readonly buffers: readonly string[];
  /** Among which items (experts, values) tokens pick; undefined where they do not. */
  readonly items?: Items | undefined;
  readonly costs: FeedForwardCosts;
  /** @returns all of `shapes`, a function of the key alone and the caller's to dispose. */
  init(key: RandomKey): Record<string, tf.Tensor>;
  /**
   * @param x `[T, D]`, float32, normalised: the layer neither norms its input nor adds it to its output. @param params all of `shapes`.
   * @returns tensors that are the caller's to dispose. Called in a `tf.tidy`, often while gradients are recorded.
   */
  apply(x: tf.Tensor2D, params: Params, call: FeedForwardCall): FeedForwardResult;
}

/** What a layer costs for one token, forward. */
export interface FeedForwardCosts {
  /** Of those that are trained, how many a token takes part in. */
  readonly activeParameters: number;
  /** Of matrix products, and of products with rows; a multiplication and an addition are two. */
  readonly flops: number;
  /** Read from tables, where no two tokens share a row; 0 where there are none. */
  readonly tableBytes: number;
}

/** How a layer is applied. */
export interface FeedForwardCall {
  /** Whether figures of the batch are used and buffers move on, and an auxiliary loss is wanted. */
  readonly training: boolean;
  /** Of what is drawn at random, such as dropout. Nothing is dropped where it is left out. */
  readonly key?: RandomKey | undefined;
  /** Whether `picks` are wanted. */
  readonly picks?: boolean | undefined;
}

/** What a layer makes of tokens. */
export interface FeedForwardResult {
  /** `[T, D]`. */
  readonly y: tf.Tensor2D;
  /** Added to the loss in training. */
  readonly auxiliaryLoss?: tf.Scalar | undefined;
  /** What buffers become, in training. */
  readonly buffers?: Readonly<Record<string, tf.Tensor>> | undefined;
  /** Where they are wanted and the layer has items. */
  readonly picks?: Picks | undefined;
}

/** Items as `ItemUsage` of `@neverend/product-keys` counts them. */
export interface Items {
  /** The number of keys of each set; an item is a key of each. Items that have no keys are one set. */
  readonly sizes: readonly number[];
  /** In how many tables there is each of them: as many as heads where these have their own. */
  readonly tables: number;
}

/** Which items tokens picked; H is the number of heads, 1 in a mixture of experts. */
export interface Picks {
  /** int32 `[T, H, K]`, numbers of items; with several tables those of the second come after those of the first. */
  readonly indices: tf.Tensor;
  /** The weight of each, float32 `[T, H, K]`. */
  readonly gates: tf.Tensor;
}
