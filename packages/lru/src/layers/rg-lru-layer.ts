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
  /** Number H of blocks of the gates; must divide the width of the input. */
  heads: number;
  /** Of the ring in which the eigenvalues start; 0.9 where it is left out. */
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
