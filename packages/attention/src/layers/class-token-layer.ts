import type { RandomKey } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import type { Params } from '../params.ts';
import { prependToken } from '../pooling/index.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** `prependToken` as a layer, with a token that starts as zeros: `[rows, N, D]` to `[rows, 1 + N, D]`. */
export class NeverendClassToken extends ParameterLayer {
  static readonly className = 'NeverendClassToken';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [rows = null, tokens = null, width = null] = inputShape as Shape;
    return [rows, tokens === null ? null : tokens + 1, width];
  }

  protected override init(inputShape: readonly (number | undefined)[], _key: RandomKey): Params {
    return {
      cls: tf.zeros([1, 1, positive('the last dimension of the input', inputShape.at(-1))]),
    };
  }

  protected override forward(x: tf.Tensor, { cls }: Params): tf.Tensor {
    return prependToken(x, cls as tf.Tensor);
  }
}

/** Puts a learned token before the tokens of each row. */
export function neverendClassToken(args: ParameterLayerArgs = {}): NeverendClassToken {
  return new NeverendClassToken(args);
}
