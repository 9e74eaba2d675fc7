import { byDefault, defineLayer, type LayerArgs, type LayerFactory } from '@neverend/nn/layers';
import { checkBase } from '../checks.ts';
import { rotaryPositions } from '../rotary-positions/index.ts';

/** Arguments of `neverendRotaryPositions`. */
export interface NeverendRotaryPositionsArgs extends LayerArgs {
  /** Longest wavelength over 2π; 10,000 where it is left out. */
  base?: number;
}

/**
 * `rotaryPositions` as a layer: queries or keys `[rows, N, H, d]` to the same, the first token at position 0.
 */
export const neverendRotaryPositions: LayerFactory<NeverendRotaryPositionsArgs> = defineLayer({
  name: 'NeverendRotaryPositions',
  masks: true,
  args: { base: byDefault(10_000, checkBase) },
  forward: ([x], _params, { args }) => rotaryPositions(x, args),
});
