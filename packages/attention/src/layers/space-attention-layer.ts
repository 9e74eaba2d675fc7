import { checkedSize, type RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { initSpaceAttention, spaceAttention } from '../space-attention/index.ts';
import { checkedRate, dropoutOf } from './dropout-of.ts';

/** Arguments of `neverendSpaceAttention`. */
export interface NeverendSpaceAttentionArgs extends ParameterLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Whether a token sees those up to itself alone; false where it is left out. */
  causal?: boolean;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/** `spaceAttention` as a layer: `[rows, N, D]` to the same. A second input is the mask. */
export class NeverendSpaceAttention extends FunctionLayer {
  static readonly className = 'NeverendSpaceAttention';
  readonly #options: { heads: number; qkNorm: boolean; causal: boolean };
  readonly #attentionDropoutRate: number;

  /** @throws ShapeError unless `heads` is a positive integer. @throws RangeError for a rate outside of [0, 1). */
  constructor(args: NeverendSpaceAttentionArgs) {
    super(args);
    const { qkNorm = false, causal = false } = args;
    this.#options = { heads: checkedSize('heads', args.heads), qkNorm, causal };
    this.#attentionDropoutRate = checkedRate('attentionDropoutRate', args.attentionDropoutRate);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const attentionDropoutRate = this.#attentionDropoutRate;
    return { ...super.getConfig(), ...this.#options, attentionDropoutRate };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    return initSpaceAttention(key, { width: inputWidth(input), ...this.#options });
  }

  protected override forward(
    [x, mask]: PerInput<tf.Tensor>,
    params: Params,
    key?: RandomKey,
  ): tf.Tensor {
    const dropout = dropoutOf(this.#attentionDropoutRate, key);
    return spaceAttention(x, params, { ...this.#options, mask, dropout });
  }
}

/** Multi-head self-attention among the tokens of each row. @throws what its constructor throws. */
export function neverendSpaceAttention(args: NeverendSpaceAttentionArgs): NeverendSpaceAttention {
  return new NeverendSpaceAttention(args);
}
