import { ShapeError } from '@neverend/backend';
import {
  byDefault,
  defineLayer,
  flag,
  type LayerArgs,
  type LayerFactory,
} from '@neverend/nn/layers';
import { linearScan } from '../scan/index.ts';

/** Arguments of `neverendLinearScan`. */
export interface NeverendLinearScanArgs extends LayerArgs {
  /** Whether the recurrence goes from the last step to the first. Default: false. */
  reverse?: boolean;
}

/**
 * `linearScan` as a layer of the two inputs x and a, in this order: both `[rows, T, E]` or `[B, T, N, E]`, to the same.
 */
export const neverendLinearScan: LayerFactory<NeverendLinearScanArgs> = defineLayer({
  name: 'NeverendLinearScan',
  args: { reverse: byDefault(false, flag) },
  forward: ([x, a], _params, { args: { reverse } }) => {
    if (a === undefined) throw new ShapeError('inputs held one tensor; they must be x and a');
    return linearScan(x, a, { reverse }).y;
  },
});
