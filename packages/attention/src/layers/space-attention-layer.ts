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
}

/** `spaceAttention` as a layer: `[rows, N, D]` to the same. */
export class NeverendSpaceAttention extends ParameterLayer {
  static readonly className = 'NeverendSpaceAttention';
  readonly #heads: number;

  /** @throws ShapeError unless `heads` is a positive integer. */
  constructor(args: NeverendSpaceAttentionArgs) {
    super(args);
    this.#heads = positive('heads', args.heads);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), heads: this.#heads };
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const width = positive('the last dimension of the input', inputShape.at(-1));
    return initSpaceAttention(key, { width, heads: this.#heads });
  }

  protected override forward(x: tf.Tensor, params: Params): tf.Tensor {
    return spaceAttention(x, params, { heads: this.#heads });
  }
}

/** Multi-head self-attention among the tokens of each row. @throws ShapeError for wrong `heads`. */
export function neverendSpaceAttention(args: NeverendSpaceAttentionArgs): NeverendSpaceAttention {
  return new NeverendSpaceAttention(args);
}
