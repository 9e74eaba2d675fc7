import {
  byDefault,
  defineLayer,
  inputWidth,
  type LayerFactory,
  notNegative,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import type { MlpGelu } from '../mlp/index.ts';
import { attentionPooling, initAttentionPooling } from '../pooling/index.ts';
import { geluForm } from './gelu-form.ts';
import { masksOf } from './masks.ts';

/** Arguments of `neverendAttentionPooling`. */
export interface NeverendAttentionPoolingArgs extends SeededLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Width F of the MLP's hidden layer. */
  mlpWidth: number;
  /** Form of GELU; `tanh` where it is left out. */
  gelu?: MlpGelu;
  /** Epsilon of the norm; 1e-6 where it is left out. */
  eps?: number;
}

/**
 * `attentionPooling` as a layer, with a learned probe: `[rows, N, D]` to `[rows, D]`. A second input is the mask of the tokens, `[rows, N]`;
 * padding that an embedding masks is not pooled.
 */
export const neverendAttentionPooling: LayerFactory<NeverendAttentionPoolingArgs> = defineLayer({
  name: 'NeverendAttentionPooling',
  optionalInputs: ['mask'],
  masks: true,
  args: {
    heads: required(size),
    mlpWidth: required(size),
    gelu: byDefault('tanh', geluForm),
    eps: byDefault(1e-6, notNegative),
  },
  init: ([input], key, { heads, mlpWidth }) =>
    initAttentionPooling(key, { width: inputWidth(input), heads, mlpWidth }),
  forward: ([x, given], params, { args: { heads, gelu, eps }, mask }) =>
    attentionPooling(x, params, { heads, gelu, eps, ...masksOf(given, mask) }),
  outputShape: ([[rows = null, , width = null]]) => [rows, width],
});
