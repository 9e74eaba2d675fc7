import { FunctionLayer, type LayerArgs, type PerInput } from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { checkPoolingKind, poolTokens } from '../pooling/index.ts';

/** Arguments of `neverendTokenPooling`. */
export interface NeverendTokenPoolingArgs extends LayerArgs {
  /** The average of the tokens, or the first of them; `average` where it is left out. */
  kind?: 'average' | 'first';
}

/** `poolTokens` as a layer: `[rows, N, D]` to `[rows, D]`. */
export class NeverendTokenPooling extends FunctionLayer {
  static readonly className = 'NeverendTokenPooling';
  readonly #kind: 'average' | 'first';

  /** @throws RangeError for another `kind`. */
  constructor(args: NeverendTokenPoolingArgs) {
    super(args);
    this.#kind = args.kind ?? 'average';
    checkPoolingKind(this.#kind);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [rows = null, , width = null] = inputShape as Shape;
    return [rows, width];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), kind: this.#kind };
  }

  protected override forward([x]: PerInput<tf.Tensor>): tf.Tensor {
    return poolTokens(x, this.#kind);
  }
}

/** One vector for each row: the average of its tokens, or the first. @throws what its constructor throws. */
export function neverendTokenPooling(args: NeverendTokenPoolingArgs = {}): NeverendTokenPooling {
  return new NeverendTokenPooling(args);
}
