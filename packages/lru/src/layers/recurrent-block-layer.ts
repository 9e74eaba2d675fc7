import {
  byDefault,
  defineLayer,
  finite,
  inputWidth,
  type LayerFactory,
  optional,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { initRecurrentBlock, recurrentBlock } from '../recurrent-block/index.ts';
import { checkTaps } from '../temporal-conv/index.ts';

/** Arguments of `neverendRecurrentBlock`. */
export interface NeverendRecurrentBlockArgs extends SeededLayerArgs {
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
 * `recurrentBlock` as a layer: `[rows, T, D]` or `[B, T, N, D]` to the same, each row a sequence from its beginning.
 */
export const neverendRecurrentBlock: LayerFactory<NeverendRecurrentBlockArgs> = defineLayer({
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
  forward: ([x], params) => recurrentBlock(x, params).y,
});
