import type { RandomKey } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { initLearnedPositions, learnedPositions } from '../learned-positions/index.ts';
import type { Params } from '../params.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** `learnedPositions` as a layer: `[rows, N, D]`, with N and D known, to the same. */
export class NeverendLearnedPositions extends ParameterLayer {
  static readonly className = 'NeverendLearnedPositions';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const [, tokens, width] = inputShape;
    const positions = initLearnedPositions(
      key,
      positive('the second dimension of the input', tokens),
      positive('the last dimension of the input', width),
    );
    return { positions };
  }

  protected override forward(x: tf.Tensor, { positions }: Params): tf.Tensor {
    return learnedPositions(x, positions as tf.Tensor);
  }
}

/** Adds a learned vector to every token. */
export function neverendLearnedPositions(args: ParameterLayerArgs = {}): NeverendLearnedPositions {
  return new NeverendLearnedPositions(args);
}
