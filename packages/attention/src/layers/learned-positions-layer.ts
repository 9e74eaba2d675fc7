import { checkedSize, type RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { initLearnedPositions, learnedPositions } from '../learned-positions/index.ts';

/** `learnedPositions` as a layer: `[rows, N, D]`, with N and D known, to the same. */
export class NeverendLearnedPositions extends FunctionLayer {
  static readonly className = 'NeverendLearnedPositions';

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const [, tokens, width] = input;
    const positions = initLearnedPositions(
      key,
      checkedSize('the second dimension of the input', tokens),
      checkedSize('the last dimension of the input', width),
    );
    return { positions };
  }

  protected override forward([x]: PerInput<tf.Tensor>, { positions }: Params): tf.Tensor {
    return learnedPositions(x, positions as tf.Tensor);
  }
}

/** Adds a learned vector to every token. */
export function neverendLearnedPositions(args: ParameterLayerArgs = {}): NeverendLearnedPositions {
  return new NeverendLearnedPositions(args);
}
