import { byDefault, inputWidth, type SeededLayerArgs } from '@neverend/nn/layers';
import { checkTaps, initTemporalConv, temporalConv } from '../temporal-conv/index.ts';
import {
  defineRecurrentLayer,
  type RecurrentFactory,
  type RecurrentLayerArgs,
  sequence,
} from './define-recurrent-layer.ts';

/** Arguments of `neverendTemporalConv`. */
export interface NeverendTemporalConvArgs extends SeededLayerArgs, RecurrentLayerArgs {
  /** The number K of taps, at least 2. Default: 4. */
  taps?: number;
}

/**
 * `temporalConv` as a layer: `[rows, T, E]` or `[B, T, N, E]` to the same, with zeros before each row or a second input, the steps
 * before it: `[rows, K-1, E]` or `[B, K-1, N, E]`.
 */
export const neverendTemporalConv: RecurrentFactory<NeverendTemporalConvArgs> =
  defineRecurrentLayer({
    name: 'NeverendTemporalConv',
    args: { taps: byDefault(4, checkTaps) },
    init: ([input], key, { taps }) => initTemporalConv(key, { width: inputWidth(input), taps }),
    states: ['the steps before'],
    stateShapes: ([[rows = null, , ...rest]], { taps }) => [[rows, taps - 1, ...rest]],
    run: ([x], params, { mask, state }) => {
      const made = temporalConv(x, params, sequence(mask, state?.[0]));
      return { y: made.y, state: [made.state] };
    },
  });
