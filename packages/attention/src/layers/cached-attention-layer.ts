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
import { cachedAttention } from '../cached-attention/index.ts';
import { checkBase } from '../checks.ts';

import { initSpaceAttention } from '../space-attention/index.ts';
import { checkedRate, dropoutOf } from './dropout-of.ts';

/** Arguments of `neverendCachedAttention`. */
export interface NeverendCachedAttentionArgs extends ParameterLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Base of rotary positions; no positions where it is left out. */
  rotaryBase?: number;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/**
 * `cachedAttention` of whole sequences as a layer: `[rows, N, D]` to the same, each token seeing those up to itself. A model
 * trains with it; to go on token by token, call `cachedAttention` with its weights.
 */
export class NeverendCachedAttention extends FunctionLayer {
  static readonly className = 'NeverendCachedAttention';
  readonly #options: { heads: number; qkNorm: boolean };
  readonly #attentionDropoutRate: number;
  readonly #rotaryBase: number | undefined;

  /** @throws ShapeError unless `heads` is a positive integer. @throws RangeError for a base that is not above 0 or a rate outside of [0, 1). */
  constructor(args: NeverendCachedAttentionArgs) {
    super(args);
    this.#options = { heads: checkedSize('heads', args.heads), qkNorm: args.qkNorm ?? false };
    this.#attentionDropoutRate = checkedRate('attentionDropoutRate', args.attentionDropoutRate);
    if (args.rotaryBase !== undefined) checkBase('rotaryBase', args.rotaryBase);
    this.#rotaryBase = args.rotaryBase;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const rotaryBase = this.#rotaryBase;
    return {
      ...super.getConfig(),
      ...this.#options,
      attentionDropoutRate: this.#attentionDropoutRate,
      ...(rotaryBase === undefined ? {} : { rotaryBase }),
    };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    return initSpaceAttention(key, { width: inputWidth(input), ...this.#options });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params, key?: RandomKey): tf.Tensor {
    const rotary = this.#rotaryBase === undefined ? undefined : { base: this.#rotaryBase };
    const dropout = dropoutOf(this.#attentionDropoutRate, key);
    return cachedAttention(x, params, undefined, { ...this.#options, rotary, dropout }).y;
  }
}

/** Causal self-attention, with rotary positions if they are wanted. @throws what its constructor throws. */
export function neverendCachedAttention(
  args: NeverendCachedAttentionArgs,
): NeverendCachedAttention {
  return new NeverendCachedAttention(args);
}
