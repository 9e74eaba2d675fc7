import type { RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { prependToken } from '../pooling/index.ts';

/** `prependToken` as a layer, with a token that starts as zeros: `[rows, N, D]` to `[rows, 1 + N, D]`. */
export class NeverendClassToken extends FunctionLayer {
  static readonly className = 'NeverendClassToken';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [rows = null, tokens = null, width = null] = inputShape as Shape;
    return [rows, tokens === null ? null : tokens + 1, width];
  }

  protected override init([input]: PerInput<InputSizes>, _key: RandomKey): Params {
    return {
      cls: tf.zeros([1, 1, inputWidth(input)]),
    };
  }

  protected override forward([x]: PerInput<tf.Tensor>, { cls }: Params): tf.Tensor {
    return prependToken(x, cls as tf.Tensor);
  }
}

/** Puts a learned token before the tokens of each row. */
export function neverendClassToken(args: ParameterLayerArgs = {}): NeverendClassToken {
  return new NeverendClassToken(args);
}
