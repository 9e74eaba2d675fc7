import {
  byDefault,
  finite,
  inputWidth,
  optional,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { initRecurrentBlock, recurrentBlock } from '../recurrent-block/index.ts';
import { checkTaps } from '../temporal-conv/index.ts';
import {
  defineRecurrentLayer,
  type RecurrentFactory,
  type RecurrentLayerArgs,
  sequence,
  withoutTime,
} from './define-recurrent-layer.ts';

/** Arguments of `neverendRecurrentBlock`. */
export interface NeverendRecurrentBlockArgs extends SeededLayerArgs, RecurrentLayerArgs {
  /** The number H of blocks of the gates, which must divide E. */
  heads: number;
  /** The width E of the recurrent unit. Default: the width of the input. */
  lruWidth?: number;
  /** The number K of taps of the convolution, at least 2. Default: 4. */
  taps?: number;
  /** The inner radius of the ring in which the eigenvalues start. Default: 0.9. */
  minRadius?: number;
}

/**
 * `recurrentBlock` as a layer: `[rows, T, D]` or `[B, T, N, D]` to the same. Two more inputs are the state before the first
 * step: that of the recurrent unit, `[rows, E]` or `[B, N, E]`, and that of the convolution, `[rows, K-1, E]` or `[B, K-1, N, E]`.
 */
export const neverendRecurrentBlock: RecurrentFactory<NeverendRecurrentBlockArgs> =
  defineRecurrentLayer({
    name: 'NeverendRecurrentBlock',
    args: {
      heads: required(size),
      lruWidth: optional(size),
      taps: byDefault(4, checkTaps),
      minRadius: byDefault(0.9, finite),
    },
    init: ([input], key, { lruWidth, ...sizes }) => {
      const width = inputWidth(input);
      return initRecurrentBlock(key, { width, lruWidth: lruWidth ?? width, ...sizes });
    },
    states: ['that of the recurrent unit', 'that of the convolution'],
    stateShapes: ([x], { lruWidth, taps }) => {
      const [rows = null, ...rest] = withoutTime(x, lruWidth);
      return [
        [rows, ...rest],
        [rows, taps - 1, ...rest],
      ];
    },
    run: ([x], params, { mask, state }) => {
      const [rgLru, conv] = state ?? [];
      const made = recurrentBlock(x, params, sequence(mask, rgLru && conv && { rgLru, conv }));
      return { y: made.y, state: [made.state.rgLru, made.state.conv] };
    },
  });
