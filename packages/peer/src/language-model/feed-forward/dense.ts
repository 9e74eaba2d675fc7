import { initMlp, mlp } from '@neverend/attention';
import { checkOptions, checkSizes } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { FeedForward } from './types.ts';

/** The usual feed-forward: linear to `hidden`, GELU, linear back. */
export interface DenseConfig {
  readonly kind: 'dense';
  readonly hidden: number;
}

/** A dense layer; parameters as `mlp` of `@neverend/attention` names them. @throws ShapeError | TypeError naming a setting. */
export function dense(config: Omit<DenseConfig, 'kind'>, width: number): FeedForward {
  checkOptions('a dense layer', config, ['hidden']);
  const { hidden } = config;
  checkSizes({ hidden, width });
  const parameters = 2 * width * hidden + hidden + width;
  return {
    shapes: mlpShapes(width, hidden),
    ...{ tables: [], buffers: [] },
    costs: { activeParameters: parameters, flops: 4 * width * hidden, tableBytes: 0 },
    init: (key) => initMlp(key, { width, mlpWidth: hidden }),
    apply: (x, params) => ({ y: mlp(x, params) as tf.Tensor2D }),
  };
}

export const mlpShapes = (width: number, hidden: number): FeedForward['shapes'] => ({
  'Dense_0/kernel': [width, hidden],
  'Dense_0/bias': [hidden],
  'Dense_1/kernel': [hidden, width],
  'Dense_1/bias': [width],
});
