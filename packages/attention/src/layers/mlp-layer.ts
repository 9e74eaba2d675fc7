import {
  byDefault,
  defineLayer,
  dropoutRate,
  inputWidth,
  type LayerFactory,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { initMlp, type MlpGelu, mlp } from '../mlp/index.ts';
import { geluForm } from './gelu-form.ts';

/** Arguments of `neverendMlp`. */
export interface NeverendMlpArgs extends SeededLayerArgs {
  /** Width F of the hidden layer. */
  mlpWidth: number;
  /** Form of GELU; `tanh` where it is left out. */
  gelu?: MlpGelu;
  /** Dropout after GELU and of the output in training; 0 where it is left out. */
  dropoutRate?: number;
}

/**
 * `mlp` as a layer: `[..., D]` to the same.
 */
export const neverendMlp: LayerFactory<NeverendMlpArgs> = defineLayer({
  name: 'NeverendMlp',
  masks: true,
  args: { mlpWidth: required(size), gelu: byDefault('tanh', geluForm), dropoutRate },
  init: ([input], key, { mlpWidth }) => initMlp(key, { width: inputWidth(input), mlpWidth }),
  forward: ([x], params, { args, dropout }) =>
    mlp(x, params, { gelu: args.gelu, dropout: dropout(args.dropoutRate) }),
});
