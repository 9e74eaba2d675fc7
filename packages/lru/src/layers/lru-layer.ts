import {
  byDefault,
  defineLayer,
  finite,
  inputWidth,
  type LayerFactory,
  optional,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { initLru, lru } from '../lru/index.ts';

/** Arguments of `neverendLru`. */
export interface NeverendLruArgs extends SeededLayerArgs {
  /** Number E of complex states; the width of the input where it is left out. */
  lruWidth?: number;
  /** Of the ring in which the eigenvalues start; 0 where it is left out. */
  minRadius?: number;
  /** Of the same ring; 1 where it is left out. */
  maxRadius?: number;
  /** The largest phase of an eigenvalue at the start; 2 π where it is left out. */
  maxPhase?: number;
}

/**
 * `lru` as a layer: `[rows, T, D]` or `[B, T, N, D]` to the same, each row a sequence from its beginning.
 */
export const neverendLru: LayerFactory<NeverendLruArgs> = defineLayer({
  name: 'NeverendLru',
  args: {
    lruWidth: optional(size),
    minRadius: byDefault(0, finite),
    maxRadius: byDefault(1, finite),
    maxPhase: byDefault(2 * Math.PI, finite),
  },
  init: ([input], key, { lruWidth, ...ring }) => {
    const width = inputWidth(input);
    return initLru(key, { width, lruWidth: lruWidth ?? width, ...ring });
  },
  forward: ([x], params) => lru(x, params).y,
});
