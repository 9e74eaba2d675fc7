import { byDefault, flag, type LayerArgs } from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { passing, withoutMasked } from '../mask.ts';
import { linearScan } from '../scan/index.ts';
import {
  defineRecurrentLayer,
  type RecurrentFactory,
  type RecurrentLayerArgs,
  withoutTime,
} from './define-recurrent-layer.ts';

/** Arguments of `neverendLinearScan`. */
export interface NeverendLinearScanArgs extends LayerArgs, RecurrentLayerArgs {
  /** Whether the recurrence goes from the last step to the first. Default: false. */
  reverse?: boolean;
}

/**
 * `linearScan` as a layer of the two inputs x and a, in this order: both `[rows, T, E]` or `[B, T, N, E]`, to the same. A third one is
 * the state before the first step, `[rows, E]` or `[B, N, E]`. `layers.bidirectional` takes layers of one sequence alone.
 */
export const neverendLinearScan: RecurrentFactory<NeverendLinearScanArgs> = defineRecurrentLayer({
  name: 'NeverendLinearScan',
  args: { reverse: byDefault(false, flag) },
  sequences: ['x', 'a'],
  states: ['the last outputs'],
  stateShapes: ([x]) => [withoutTime(x)],
  run: ([x, a], _params, { args: { reverse }, mask, state }) => {
    const factors = passing(withoutMasked(a as tf.Tensor, mask), mask);
    const options = { reverse, initialState: state?.[0] };
    const made = linearScan(withoutMasked(x, mask), factors, options);
    return { y: made.y, state: [made.state], last: made.state };
  },
});
