import type { RandomKey } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import type { Params } from '../params.ts';
import { initSpaceAttention, spaceAttention } from '../space-attention/index.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** Arguments of `neverendSpaceAttention`. */
export interface NeverendSpaceAttentionArgs extends ParameterLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Whether a token sees those up to itself alone; false where it is left out. */
  causal?: boolean;
}

/** `spaceAttention` as a layer: `[rows, N, D]` to the same. */
export class NeverendSpaceAttention extends ParameterLayer {
  static readonly className = 'NeverendSpaceAttention';
  readonly #heads: number;
  readonly #qkNorm: boolean;
  readonly #causal: boolean;

  /** @throws ShapeError unless `heads` is a positive integer. */
  constructor(args: NeverendSpaceAttentionArgs) {
    super(args);
    this.#heads = positive('heads', args.heads);
    this.#qkNorm = args.qkNorm ?? false;
    this.#causal = args.causal ?? false;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const options = { heads: this.#heads, qkNorm: this.#qkNorm, causal: this.#causal };
    return { ...super.getConfig(), ...options };
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const width = positive('the last dimension of the input', inputShape.at(-1));
    return initSpaceAttention(key, { width, heads: this.#heads, qkNorm: this.#qkNorm });
  }

  protected override forward(x: tf.Tensor, params: Params): tf.Tensor {
    const options = { heads: this.#heads, qkNorm: this.#qkNorm, causal: this.#causal };
    return spaceAttention(x, params, options);
  }
}

/** Multi-head self-attention among the tokens of each row. @throws ShapeError for wrong `heads`. */
export function neverendSpaceAttention(args: NeverendSpaceAttentionArgs): NeverendSpaceAttention {
  return new NeverendSpaceAttention(args);
}
