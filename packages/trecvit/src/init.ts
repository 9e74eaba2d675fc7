import { initEncoderBlock, initLearnedPositions } from '@neverend/attention';
import { checkKey, type RandomKey, subkey } from '@neverend/backend';
import { initResidualBlock } from '@neverend/lru';
import { initLinear, normal, withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig, gridOf, type TRecViTConfig } from './config.ts';
import { encoderBlockName, residualBlockName } from './param-shapes.ts';

/**
 * Parameters to start with, as the official code has them: residual blocks as RecurrentGemma's with the last linear layer's variance
 * at 2 / L, encoder blocks as flax' ViT, positions normal with a deviation of 1 / sqrt(D), the class token 0, the embedding and the
 * head's layers normal with a variance of 1 / inputs.
 *
 * @returns tensors by the names of `paramShapes`, a function of `key` alone and the caller's to dispose.
 * @throws as `checkConfig` does.
 */
export function initTRecViT(key: RandomKey, config: TRecViTConfig): Record<string, tf.Tensor> {
  checkKey('key', key);
  checkConfig(config);
  const { layers, width, heads, mlpWidth, lruWidth, gateBlocks, taps, minRadius, maxRadius } =
    config;
  const { patch, channels, pooling, headWidth, classes } = config;
  const keyOf = (...of: (string | number)[]) => subkey(key, ...of);
  const [rows, columns] = gridOf(config);
  const inputs = patch * patch * channels;
  const params: Record<string, tf.Tensor> = {
    'tokenizer/embedding/kernel': normal(
      keyOf('embedding'),
      [1, patch, patch, channels, width],
      1 / Math.sqrt(inputs),
    ),
    'tokenizer/embedding/bias': tf.zeros([width]),
    'tokenizer/pos_embedding': initLearnedPositions(
      keyOf('positions'),
      rows * columns,
      width,
      1 / Math.sqrt(width),
    ),
    ...(pooling === 'token' ? { 'tokenizer/cls': tf.zeros([1, 1, width]) } : {}),
  };
  for (let layer = 0; layer < layers; layer++) {
    const residual = initResidualBlock(keyOf('residual block', layer), {
      ...{ width, lruWidth, heads: gateBlocks, taps, minRadius, maxRadius },
      outVariance: 2 / layers,
    });
    const encoder = initEncoderBlock(keyOf('encoder block', layer), { width, heads, mlpWidth });
    Object.assign(params, withPrefix(residual, residualBlockName(layer)));
    Object.assign(params, withPrefix(encoder, encoderBlockName(layer)));
  }
  const dense = (name: string, from: number, to: number) =>
    withPrefix(initLinear(keyOf(name), from, to, { variance: 1 }), `decoder/${name}/`);
  return {
    ...params,
    'encoder/encoder_norm/scale': tf.ones([width]),
    'encoder/encoder_norm/bias': tf.zeros([width]),
    ...dense('pre_logits', width, headWidth),
    ...dense('cls_head', headWidth, classes),
  };
}
