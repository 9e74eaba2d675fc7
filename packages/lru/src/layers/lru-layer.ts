import {
  byDefault,
  finite,
  inputWidth,
  optional,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { initLru, lru } from '../lru/index.ts';
import type { Complex } from '../types.ts';
import {
  defineRecurrentLayer,
  type RecurrentFactory,
  type RecurrentLayerArgs,
  sequence,
  withoutTime,
} from './define-recurrent-layer.ts';

/** Arguments of `neverendLru`. */
export interface NeverendLruArgs extends SeededLayerArgs, RecurrentLayerArgs {
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
 * `lru` as a layer: `[rows, T, D]` or `[B, T, N, D]` to the same. Two more inputs are the real and the imaginary part of the
 * state before the first step, `[rows, E]` or `[B, N, E]` each.
 */
export const neverendLru: RecurrentFactory<NeverendLruArgs> = defineRecurrentLayer({
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
  states: ['real parts', 'imaginary parts'],
  stateShapes: ([x], { lruWidth }) => {
    const part = withoutTime(x, lruWidth);
    return [part, part];
  },
  run: ([x], params, { mask, state }) => {
    const [re, im] = state ?? [];
    const before = re && im && ({ re, im } satisfies Complex);
    const made = lru(x, params, sequence(mask, before));
    return { y: made.y, state: [made.state.re, made.state.im] };
  },
});
