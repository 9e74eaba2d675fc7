import { encoderBlock } from '@neverend/attention';
import { checkedSize, checkObject, checkOptions } from '@neverend/backend';
import { type RecurrentState, residualBlock, type SequenceOptions } from '@neverend/lru';
import { checkParams, type Params, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { TRecViTConfig } from './config.ts';
import { encoderBlockName, residualBlockName } from './param-shapes.ts';

/**
 * One layer (arXiv 2412.14294, section 3): a residual block mixes each token over time, then an encoder block mixes the tokens of
 * each frame.
 *
 * @param x `[B, T, N, D]`, float32.
 * @param params those of the model. @param layer the layer's number, from 0 on.
 * @param config of which the heads and constants count. @param options as `residualBlock` takes them.
 * @returns `y` of the shape of `x`, and the state after the last step; all the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function trecvitLayer(
  x: tf.Tensor,
  params: Params,
  layer: number,
  config: Pick<TRecViTConfig, 'heads' | 'decayPower' | 'normEps' | 'gelu'>,
  options: SequenceOptions<RecurrentState> = {},
): { y: tf.Tensor; state: RecurrentState } {
  checkOptions('trecvitLayer', options, ['segmentPos', 'state']);
  checkParams(params);
  checkedSize('layer', layer, 0);
  checkObject('config', config, 'with heads, decayPower, normEps and gelu');
  const { heads, decayPower, normEps: eps, gelu } = config;
  return tf.tidy(() => {
    const block = subtree(params, residualBlockName(layer));
    const { y: mixed, state } = residualBlock(x, block, { ...options, decayPower, eps });
    const y = encoderBlock(mixed, subtree(params, encoderBlockName(layer)), { heads, gelu, eps });
    return { y, state };
  });
}
