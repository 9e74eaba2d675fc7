import {
  byDefault,
  finite,
  inputWidth,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { initRgLru, rgLru } from '../rg-lru/index.ts';
import {
  defineRecurrentLayer,
  type RecurrentFactory,
  type RecurrentLayerArgs,
  sequence,
  withoutTime,
} from './define-recurrent-layer.ts';

/** Arguments of `neverendRgLru`. */
export interface NeverendRgLruArgs extends SeededLayerArgs, RecurrentLayerArgs {
  /** The number H of blocks of the gates, which must divide the width of the input. */
  heads: number;
  /** The inner radius of the ring in which the eigenvalues start. Default: 0.9. */
  minRadius?: number;
}

/**
 * `rgLru` as a layer: `[rows, T, E]` or `[B, T, N, E]` to the same. A second input is the state before the first step, `[rows, E]` or
 * `[B, N, E]`.
 */
export const neverendRgLru: RecurrentFactory<NeverendRgLruArgs> = defineRecurrentLayer({
  name: 'NeverendRgLru',
  args: { heads: required(size), minRadius: byDefault(0.9, finite) },
  init: ([input], key, sizes) => initRgLru(key, { width: inputWidth(input), ...sizes }),
  states: ['the last outputs'],
  stateShapes: ([x]) => [withoutTime(x)],
  run: ([x], params, { mask, state }) => {
    const made = rgLru(x, params, sequence(mask, state?.[0]));
    return { y: made.y, state: [made.state] };
  },
});
