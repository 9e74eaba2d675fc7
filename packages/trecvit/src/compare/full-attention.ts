import { encoderBlock, initEncoder } from '@neverend/attention';
import { checkedSize, checkTensor, type RandomKey, ShapeError, subkey } from '@neverend/backend';
import {
  checkedParam,
  initLinear,
  layerNorm,
  linear,
  linearParams,
  normal,
  type Params,
  subtree,
  withPrefix,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { gridOf, type TRecViTConfig } from '../config.ts';
import { patchesOf } from '../tokenize.ts';

/** The sizes of a video transformer in which every patch of every frame attends to all others. */
export type FullAttentionConfig = Pick<
  TRecViTConfig,
  'layers' | 'width' | 'mlpWidth' | 'heads' | 'patch' | 'imageSize' | 'channels' | 'classes'
>;

/** The sizes of ViViT-L with attention over all of space and time, one token for each patch of each frame. */
export const vivitL: FullAttentionConfig = {
  ...{ layers: 24, width: 1024, mlpWidth: 4096, heads: 16 },
  ...{ patch: 16, imageSize: [224, 224], channels: 3, classes: 400 },
};

/** The number of tokens of a video. */
export function fullAttentionTokens(config: FullAttentionConfig, frames: number): number {
  const [rows, columns] = gridOf(config);
  return checkedSize('frames', frames) * rows * columns;
}

/** The number of all parameters' numbers; each token of a clip has a position of its own. */
export function fullAttentionParameters(config: FullAttentionConfig, frames: number): number {
  const { layers, width, mlpWidth, patch, channels, classes } = config;
  const withBias = (from: number, to: number) => from * to + to;
  const norm = 2 * width;
  const block =
    4 * withBias(width, width) + withBias(width, mlpWidth) + withBias(mlpWidth, width) + 2 * norm;
  return (
    withBias(patch * patch * channels, width) +
    fullAttentionTokens(config, frames) * width +
    layers * block +
    norm +
    withBias(width, classes)
  );
}

/** Floating-point operations of the products of a forward pass of one video, as `productFlops` counts those of a TRecViT. */
export function fullAttentionFlops(config: FullAttentionConfig, frames: number): number {
  const { layers, width, mlpWidth, patch, channels, classes } = config;
  const tokens = fullAttentionTokens(config, frames);
  const perToken = 4 * width * width + 2 * tokens * width + 2 * width * mlpWidth;
  const embedding = patch * patch * channels * width;
  return 2 * (tokens * (embedding + layers * perToken) + width * classes);
}

/**
 * Parameters to start with, for clips of at most so many frames: encoder blocks as flax' ViT has them, the rest normal with a variance of 1 /
 * inputs.
 *
 * @returns tensors, a function of `key` alone and the caller's to dispose.
 */
export function initFullAttention(
  key: RandomKey,
  config: FullAttentionConfig,
  frames: number,
): Record<string, tf.Tensor> {
  const { layers, width, mlpWidth, heads, patch, channels, classes } = config;
  const keyOf = (name: string) => subkey(key, name);
  const tokens = fullAttentionTokens(config, frames);
  const dense = (name: string, from: number, to: number) =>
    withPrefix(initLinear(keyOf(name), from, to, { variance: 1 }), `${name}/`);
  const blocks = initEncoder(keyOf('encoder'), { depth: layers, width, heads, mlpWidth });
  return {
    ...dense('embedding', patch * patch * channels, width),
    pos_embedding: normal(keyOf('positions'), [1, tokens, width], 1 / Math.sqrt(width)),
    ...withPrefix(blocks, 'encoder/'),
    ...dense('head', width, classes),
  };
}

/**
 * A video transformer with attention among all patches of all frames (arXiv 2103.15691, section 3.3, model 1, with tubelets of one
 * frame): learned positions, pre-LN encoder blocks, the mean over tokens and a linear layer. Outside of a gradient no more than
 * one block's activations and its input are in memory.
 *
 * @param video `[1, T, rows, columns, channels]`, float32. @param params those of `initFullAttention` for T frames or more.
 * @returns logits `[1, C]`, the caller's to dispose. @throws ShapeError | DTypeError naming the argument.
 */
export function fullAttention(
  video: tf.Tensor,
  params: Params,
  config: FullAttentionConfig,
): tf.Tensor {
  const { layers, width, heads, patch, channels, imageSize, classes } = config;
  checkTensor('video', video, [1, 'T', ...imageSize, channels]);
  const tokens = fullAttentionTokens(config, video.shape[1] ?? 1);
  const inputs = patch * patch * channels;
  const embedding = linearParams(params, 'embedding', inputs, width);
  const head = linearParams(params, 'head', width, classes);
  const positions = checkedParam(params, 'pos_embedding', [1, 'tokens', width]);
  const most = positions.shape[1] ?? 0;
  if (most < tokens) {
    throw new ShapeError(`video had ${tokens} patches; there are positions of ${most}`);
  }
  const norm = (name: string) => checkedParam(params, `encoder/encoder_norm/${name}`, [width]);
  return tf.tidy(() => {
    let x = tf.tidy(() => {
      const patches = tf.reshape(patchesOf(video, config), [1, tokens, inputs]);
      const placed = tf.slice(positions, [0, 0, 0], [1, tokens, width]);
      return tf.add(linear(patches, embedding.kernel, embedding.bias), placed);
    });
    const next = (y: tf.Tensor) => {
      x.dispose();
      x = y;
    };
    for (let layer = 0; layer < layers; layer++) {
      next(encoderBlock(x, subtree(params, `encoder/encoderblock_${layer}/`), { heads }));
    }
    next(layerNorm(x, norm('scale'), norm('bias')));
    return linear(tf.mean(x, 1), head.kernel, head.bias);
  });
}
