import { ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import { linearScan } from '../scan/index.ts';
import type { LayerArgs } from './parameter-layer.ts';

/** Arguments of `neverendLinearScan`. */
export interface NeverendLinearScanArgs extends LayerArgs {
  /** From the last step to the first; false where it is left out. */
  reverse?: boolean;
}

/** `linearScan` as a layer of the two inputs a and x, in this order: both `[rows, T, E]` or `[B, T, N, E]`, to the same. */
export class NeverendLinearScan extends layers.Layer {
  static readonly className = 'NeverendLinearScan';
  readonly #reverse: boolean;

  constructor(args: NeverendLinearScanArgs) {
    super(args);
    this.#reverse = args.reverse ?? false;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return (inputShape as Shape[])[1] as Shape;
  }

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    kwargs: Parameters<layers.Layer['call']>[1],
  ): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [a, x] = Array.isArray(inputs) ? inputs : [inputs];
      if (a === undefined || x === undefined) {
        throw new ShapeError('inputs held fewer than two tensors; they must be a and x');
      }
      return linearScan(a, x, { reverse: this.#reverse }).y;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), reverse: this.#reverse };
  }
}

/** The linear recurrence h_t = a_t h_{t-1} + x_t: call `apply([a, x])`. */
export function neverendLinearScan(args: NeverendLinearScanArgs = {}): NeverendLinearScan {
  return new NeverendLinearScan(args);
}
