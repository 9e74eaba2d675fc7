import {
  byDefault,
  defineLayer,
  finite,
  inputWidth,
  type LayerFactory,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { initRgLru, rgLru } from '../rg-lru/index.ts';

/** Arguments of `neverendRgLru`. */
export interface NeverendRgLruArgs extends SeededLayerArgs {
  /** The number H of blocks of the gates, which must divide the width of the input. */
  heads: number;
  /** The inner radius of the ring in which the eigenvalues start. Default: 0.9. */
  minRadius?: number;
}

/**
 * `rgLru` as a layer: `[rows, T, E]` or `[B, T, N, E]` to the same, each row a sequence from its beginning.
 */
export const neverendRgLru: LayerFactory<NeverendRgLruArgs> = defineLayer({
  name: 'NeverendRgLru',
  args: { heads: required(size), minRadius: byDefault(0.9, finite) },
  init: ([input], key, sizes) => initRgLru(key, { width: inputWidth(input), ...sizes }),
  forward: ([x], params) => rgLru(x, params).y,
});
