import {
  byDefault,
  defineLayer,
  flag,
  type LayerArgs,
  type LayerFactory,
  optional,
} from '@neverend/nn/layers';
import { checkBase } from '../checks.ts';
import { checkRotaryDims, rotaryPositions } from '../rotary-positions/index.ts';

/** Arguments of `neverendRotaryPositions`. */
export interface NeverendRotaryPositionsArgs extends LayerArgs {
  /** Longest wavelength over 2π; 10,000 where it is left out. */
  base?: number;
  /** How many of a vector's first numbers are turned; all where it is left out. */
  dims?: number;
  /** Whether neighbours are turned, as in GPT-J; false where it is left out. */
  interleaved?: boolean;
  /** What positions are divided by; 1 where it is left out. */
  factor?: number;
}

/**
 * `rotaryPositions` as a layer: queries or keys `[rows, N, H, d]` to the same, the first token at position 0.
 */
export const neverendRotaryPositions: LayerFactory<NeverendRotaryPositionsArgs> = defineLayer({
  name: 'NeverendRotaryPositions',
  masks: true,
  args: {
    base: byDefault(10_000, checkBase),
    dims: optional(checkRotaryDims),
    interleaved: byDefault(false, flag),
    factor: byDefault(1, checkBase),
  },
  forward: ([x], _params, { args }) => rotaryPositions(x, args),
});
