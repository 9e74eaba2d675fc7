import { byDefault, defineLayer, type LayerArgs, type LayerFactory } from '@neverend/nn/layers';
import { checkPoolingKind, poolTokens } from '../pooling/index.ts';

/** Arguments of `neverendTokenPooling`. */
export interface NeverendTokenPoolingArgs extends LayerArgs {
  /** The average of the tokens, or the first of them; `average` where it is left out. */
  kind?: 'average' | 'first';
}

/**
 * `poolTokens` as a layer: `[rows, N, D]` to `[rows, D]`.
 */
export const neverendTokenPooling: LayerFactory<NeverendTokenPoolingArgs> = defineLayer({
  name: 'NeverendTokenPooling',
  args: { kind: byDefault('average', checkPoolingKind) },
  forward: ([x], _params, { args }) => poolTokens(x, args.kind),
  outputShape: ([[rows = null, , width = null]]) => [rows, width],
});
