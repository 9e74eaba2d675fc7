import {
  byDefault,
  defineLayer,
  inputWidth,
  type LayerFactory,
  type SeededLayerArgs,
} from '@neverend/nn/layers';
import { checkTaps, initTemporalConv, temporalConv } from '../temporal-conv/index.ts';

/** Arguments of `neverendTemporalConv`. */
export interface NeverendTemporalConvArgs extends SeededLayerArgs {
  /** The number K of taps, at least 2. Default: 4. */
  taps?: number;
}

/**
 * `temporalConv` as a layer: `[rows, T, E]` or `[B, T, N, E]` to the same, with zeros before each row.
 */
export const neverendTemporalConv: LayerFactory<NeverendTemporalConvArgs> = defineLayer({
  name: 'NeverendTemporalConv',
  args: { taps: byDefault(4, checkTaps) },
  init: ([input], key, { taps }) => initTemporalConv(key, { width: inputWidth(input), taps }),
  forward: ([x], params) => temporalConv(x, params).y,
});
