import { checkNumber, type RandomKey, ShapeError } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import { FunctionLayer, type ParameterLayerArgs, type PerInput } from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { scaledDotProductAttention } from '../scaled-dot-product-attention/index.ts';
import { checkedRate, dropoutOf } from './dropout-of.ts';

/** Arguments of `neverendScaledDotProductAttention`. `seed` is that of dropout. */
export interface NeverendScaledDotProductAttentionArgs extends ParameterLayerArgs {
  /** Factor of the scores; 1 / sqrt(d) where it is left out. */
  scale?: number;
  /** Whether query i sees keys up to i alone; false where it is left out. */
  causal?: boolean;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/**
 * `scaledDotProductAttention` as a layer of q `[rows, M, H, d]`, k `[rows, N, H, d]` and v `[rows, N, H, e]`, in this order, to
 * `[rows, M, H, e]`. A fourth input is the mask. It has no weights.
 */
export class NeverendScaledDotProductAttention extends FunctionLayer {
  static readonly className = 'NeverendScaledDotProductAttention';
  readonly #options: { scale?: number; causal: boolean };
  readonly #attentionDropoutRate: number;

  /** @throws RangeError for a scale that is not finite, or a rate outside of [0, 1). */
  constructor(args: NeverendScaledDotProductAttentionArgs = {}) {
    super(args);
    const { scale, causal = false } = args;
    if (scale !== undefined) checkNumber('scale', scale);
    this.#options = { ...(scale === undefined ? {} : { scale }), causal };
    this.#attentionDropoutRate = checkedRate('attentionDropoutRate', args.attentionDropoutRate);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [q, , v] = inputShape as Shape[];
    return [...(q ?? []).slice(0, 3), v?.[3] ?? null];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const attentionDropoutRate = this.#attentionDropoutRate;
    return { ...super.getConfig(), ...this.#options, attentionDropoutRate };
  }

  protected override forward(
    [q, k, v, mask]: PerInput<tf.Tensor>,
    _params: Params,
    key?: RandomKey,
  ): tf.Tensor {
    if (k === undefined || v === undefined) {
      throw new ShapeError('inputs held fewer than three tensors; they must be q, k and v');
    }
    const dropout = dropoutOf(this.#attentionDropoutRate, key);
    return scaledDotProductAttention(q, k, v, { ...this.#options, mask, dropout });
  }
}

/** Attention without projections: call `apply([q, k, v])`. @throws what its constructor throws. */
export function neverendScaledDotProductAttention(
  args: NeverendScaledDotProductAttentionArgs = {},
): NeverendScaledDotProductAttention {
  return new NeverendScaledDotProductAttention(args);
}
