import type { RandomKey } from '@neverend/backend';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/backend/layers';
import { checkedSize, checkNumber, type Params } from '@neverend/backend/params';
import type * as tf from '@tensorflow/tfjs-core';
import { cachedAttention } from '../cached-attention/index.ts';
import { initSpaceAttention } from '../space-attention/index.ts';

/** Arguments of `neverendCachedAttention`. */
export interface NeverendCachedAttentionArgs extends ParameterLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Base of rotary positions; no positions where it is left out. */
  rotaryBase?: number;
}

/**
 * `cachedAttention` of whole sequences as a layer: `[rows, N, D]` to the same, each token seeing those up to itself. A model
 * trains with it; to go on token by token, call `cachedAttention` with its weights.
 */
export class NeverendCachedAttention extends FunctionLayer {
  static readonly className = 'NeverendCachedAttention';
  readonly #heads: number;
  readonly #qkNorm: boolean;
  readonly #rotaryBase: number | undefined;

  /** @throws ShapeError unless `heads` is a positive integer. @throws RangeError for a base that is not finite. */
  constructor(args: NeverendCachedAttentionArgs) {
    super(args);
    this.#heads = checkedSize('heads', args.heads);
    this.#qkNorm = args.qkNorm ?? false;
    if (args.rotaryBase !== undefined) checkNumber('rotaryBase', args.rotaryBase);
    this.#rotaryBase = args.rotaryBase;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const rotaryBase = this.#rotaryBase;
    return {
      ...super.getConfig(),
      ...{ heads: this.#heads, qkNorm: this.#qkNorm },
      ...(rotaryBase === undefined ? {} : { rotaryBase }),
    };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initSpaceAttention(key, { width, heads: this.#heads, qkNorm: this.#qkNorm });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params): tf.Tensor {
    const rotary = this.#rotaryBase === undefined ? undefined : { base: this.#rotaryBase };
    const options = { heads: this.#heads, qkNorm: this.#qkNorm, rotary };
    return cachedAttention(x, params, undefined, options).y;
  }
}

/** Causal self-attention, with rotary positions if they are wanted. @throws ShapeError for wrong `heads`. */
export function neverendCachedAttention(
  args: NeverendCachedAttentionArgs,
): NeverendCachedAttention {
  return new NeverendCachedAttention(args);
}
