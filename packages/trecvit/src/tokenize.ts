import { imagePatches, learnedPositions, prependToken } from '@neverend/attention';
import { checkTensor } from '@neverend/backend';
import { checkedParam, linear, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig, gridOf, type TRecViTConfig } from './config.ts';

/**
 * Frames to tokens (arXiv 2412.14294, section 3): a linear layer on every patch, learned positions that know nothing of time, and,
 * with `pooling: 'token'`, a class token without a position before the others.
 *
 * @param video `[B, T, rows, columns, channels]`, float32 in [0, 1].
 * @param params `embedding/kernel` `[1, patch, patch, channels, D]`, `embedding/bias` `[D]`, `pos_embedding` `[1, patches, D]` and
 * `cls` `[1, 1, D]`: what lies below `tokenizer/`.
 * @returns `[B, T, N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws as `checkConfig` does.
 */
export function tokenize(video: tf.Tensor, params: Params, config: TRecViTConfig): tf.Tensor {
  checkConfig(config);
  return tokensOfFrames(video, params, config);
}

/** `tokenize` with a configuration that was checked. */
export function tokensOfFrames(video: tf.Tensor, params: Params, config: TRecViTConfig): tf.Tensor {
  checkVideo(video, config);
  const { patch, channels, width, pooling } = config;
  const [rows, columns] = gridOf(config);
  const kernel = checkedParam(params, 'embedding/kernel', [1, patch, patch, channels, width]);
  const bias = checkedParam(params, 'embedding/bias', [width]);
  const positions = checkedParam(params, 'pos_embedding', [1, rows * columns, width]);
  const [batch = 1, frames = 1] = video.shape;
  return tf.tidy(() => {
    const placed = learnedPositions(linear(patchesOf(video, config), kernel, bias), positions);
    const tokens =
      pooling === 'token'
        ? prependToken(placed, checkedParam(params, 'cls', [1, 1, width]))
        : placed;
    return tf.reshape(tokens, [batch, frames, ...tokens.shape.slice(1)]);
  });
}

/** @throws ShapeError | DTypeError unless a video is one of this configuration's. */
export function checkVideo(
  video: tf.Tensor,
  { imageSize, channels }: Pick<TRecViTConfig, 'imageSize' | 'channels'>,
): void {
  checkTensor('video', video, ['B', 'T', ...imageSize, channels]);
}

/** The pixels of each patch of each frame, `[B · T, patches, patch · patch · channels]`, the caller's to dispose. */
export function patchesOf(
  video: tf.Tensor,
  config: Pick<TRecViTConfig, 'patch' | 'channels' | 'imageSize'>,
): tf.Tensor {
  const { patch, channels, imageSize } = config;
  const [batch = 1, frames = 1] = video.shape;
  return tf.tidy(() =>
    imagePatches(tf.reshape(video, [batch * frames, ...imageSize, channels]), patch),
  );
}
