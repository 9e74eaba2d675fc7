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
  /** The number E of complex states. Default: the width of the input. */
  lruWidth?: number;
  /** The inner radius of the ring in which the eigenvalues start. Default: 0. */
  minRadius?: number;
  /** The outer radius of this ring. Default: 1. */
  maxRadius?: number;
  /** The largest phase of an eigenvalue at the start. Default: 2 π. */
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
