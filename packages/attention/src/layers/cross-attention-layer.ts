import { checkedSize, type RandomKey, ShapeError } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { crossAttention } from '../cross-attention/index.ts';
import { initSpaceAttention } from '../space-attention/index.ts';
import { checkedRate, dropoutOf } from './dropout-of.ts';

/** Arguments of `neverendCrossAttention`. */
export interface NeverendCrossAttentionArgs extends ParameterLayerArgs {
  /** Number H of heads; must divide the width of the first input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/** `crossAttention` as a layer of the two inputs x `[rows, M, D]` and context `[rows, N, C]`, in this order, to `[rows, M, D]`. */
export class NeverendCrossAttention extends FunctionLayer {
  static readonly className = 'NeverendCrossAttention';
  readonly #options: { heads: number; qkNorm: boolean };
  readonly #attentionDropoutRate: number;

  /** @throws ShapeError unless `heads` is a positive integer. @throws RangeError for a rate outside of [0, 1). */
  constructor(args: NeverendCrossAttentionArgs) {
    super(args);
    this.#options = { heads: checkedSize('heads', args.heads), qkNorm: args.qkNorm ?? false };
    this.#attentionDropoutRate = checkedRate('attentionDropoutRate', args.attentionDropoutRate);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const attentionDropoutRate = this.#attentionDropoutRate;
    return { ...super.getConfig(), ...this.#options, attentionDropoutRate };
  }

  protected override init([x, context]: PerInput<InputSizes>, key: RandomKey): Params {
    const sizes = { width: inputWidth(x), contextWidth: inputWidth(second(context)) };
    return initSpaceAttention(key, { ...sizes, ...this.#options });
  }

  protected override forward(
    [x, context, mask]: PerInput<tf.Tensor>,
    params: Params,
    key?: RandomKey,
  ): tf.Tensor {
    const dropout = dropoutOf(this.#attentionDropoutRate, key);
    return crossAttention(x, second(context), params, { ...this.#options, mask, dropout });
  }
}

function second<T>(input: T | undefined): T {
  if (input === undefined)
    throw new ShapeError('inputs held one tensor; they must be x and context');
  return input;
}

/** Attention of the tokens of one input to those of another: call `apply([x, context])`. @throws what its constructor throws. */
export function neverendCrossAttention(args: NeverendCrossAttentionArgs): NeverendCrossAttention {
  return new NeverendCrossAttention(args);
}
