import { ShapeError } from '@neverend/backend';
import { FunctionLayer, type LayerArgs, type PerInput } from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { linearScan } from '../scan/index.ts';

/** Arguments of `neverendLinearScan`. */
export interface NeverendLinearScanArgs extends LayerArgs {
  /** From the last step to the first; false where it is left out. */
  reverse?: boolean;
}

/** `linearScan` as a layer of the two inputs a and x, in this order: both `[rows, T, E]` or `[B, T, N, E]`, to the same. */
export class NeverendLinearScan extends FunctionLayer {
  static readonly className = 'NeverendLinearScan';
  readonly #reverse: boolean;

  constructor(args: NeverendLinearScanArgs) {
    super(args);
    this.#reverse = args.reverse ?? false;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), reverse: this.#reverse };
  }

  protected override forward([a, x]: PerInput<tf.Tensor>): tf.Tensor {
    if (x === undefined) throw new ShapeError('inputs held one tensor; they must be a and x');
    return linearScan(a, x, { reverse: this.#reverse }).y;
  }
}

/** The linear recurrence h_t = a_t h_{t-1} + x_t: call `apply([a, x])`. */
export function neverendLinearScan(args: NeverendLinearScanArgs = {}): NeverendLinearScan {
  return new NeverendLinearScan(args);
}
