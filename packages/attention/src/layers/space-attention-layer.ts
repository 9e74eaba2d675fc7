import type { RandomKey } from '@neverend/backend';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/backend/layers';
import { checkedSize, type Params } from '@neverend/backend/params';
import type * as tf from '@tensorflow/tfjs-core';
import { initSpaceAttention, spaceAttention } from '../space-attention/index.ts';

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
export class NeverendSpaceAttention extends FunctionLayer {
  static readonly className = 'NeverendSpaceAttention';
  readonly #heads: number;
  readonly #qkNorm: boolean;
  readonly #causal: boolean;

  /** @throws ShapeError unless `heads` is a positive integer. */
  constructor(args: NeverendSpaceAttentionArgs) {
    super(args);
    this.#heads = checkedSize('heads', args.heads);
    this.#qkNorm = args.qkNorm ?? false;
    this.#causal = args.causal ?? false;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const options = { heads: this.#heads, qkNorm: this.#qkNorm, causal: this.#causal };
    return { ...super.getConfig(), ...options };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initSpaceAttention(key, { width, heads: this.#heads, qkNorm: this.#qkNorm });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params): tf.Tensor {
    const options = { heads: this.#heads, qkNorm: this.#qkNorm, causal: this.#causal };
    return spaceAttention(x, params, options);
  }
}

/** Multi-head self-attention among the tokens of each row. @throws ShapeError for wrong `heads`. */
export function neverendSpaceAttention(args: NeverendSpaceAttentionArgs): NeverendSpaceAttention {
  return new NeverendSpaceAttention(args);
}
