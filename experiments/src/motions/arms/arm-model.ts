import { encoderBlock } from '@neverend/attention';
import { type RandomKey, subkey } from '@neverend/backend';
import { layerNorm, type Params, subtree, withPrefix } from '@neverend/nn';
import { classificationHead, initTRecViT, type TRecViTConfig, tokenize } from '@neverend/trecvit';
import * as tf from '@tensorflow/tfjs-core';
import { type ArmName, timeMixers } from './time-mixers.ts';

/** Where a layer's parameters over time and over space lie: the official names, so that those of the arm `lru` are a TRecViT's. */
const overTime = (layer: number) => `encoder/residualblock_${String(layer).padStart(2, '0')}/`;
const overSpace = (layer: number) => `encoder/encoderblock_${layer}/`;

/**
 * Parameters to start with. All but those over time are a TRecViT's own, the same for each arm.
 *
 * @returns a function of `key` alone, the caller's to dispose.
 */
export function initArm(
  arm: ArmName,
  key: RandomKey,
  config: TRecViTConfig,
): Record<string, tf.Tensor> {
  const params = initTRecViT(key, config);
  if (arm === 'lru') return withDifferences(params);
  for (const name of Object.keys(params)) {
    if (!name.startsWith('encoder/residualblock_')) continue;
    params[name]?.dispose();
    delete params[name];
  }
  for (let layer = 0; layer < config.layers; layer++) {
    const ofLayer = timeMixers[arm].init(subkey(key, arm, layer), config);
    Object.assign(params, withPrefix(ofLayer, overTime(layer)));
  }
  return params;
}

/**
 * Convolutions over time begin as the frame itself in every other channel, and as its difference from the frame before in the rest.
 * The official numbers, a twentieth of that, are so small that a short training does not get away from them.
 */
function withDifferences(params: Record<string, tf.Tensor>): Record<string, tf.Tensor> {
  for (const [name, old] of Object.entries(params)) {
    if (!name.endsWith('/conv_1d/w')) continue;
    const [taps = 1, channels = 1] = old.shape;
    const values = new Float32Array(taps * channels);
    for (let channel = 0; channel < channels; channel++) {
      values[(taps - 1) * channels + channel] = 1;
      if (channel % 2 === 1) values[(taps - 2) * channels + channel] = -1;
    }
    old.dispose();
    params[name] = tf.tensor2d(values, [taps, channels]);
  }
  return params;
}

/** An arm's features of each frame, `[B, T, rows, columns, 3]` to `[B, T, N, D]`, the caller's to dispose. */
export function armFeatures(
  arm: ArmName,
  video: tf.Tensor,
  params: Params,
  config: TRecViTConfig,
): tf.Tensor {
  return tf.tidy(() => {
    let x = tokenize(video, subtree(params, 'tokenizer/'), config);
    for (let layer = 0; layer < config.layers; layer++) {
      const mixed = timeMixers[arm].mix(x, subtree(params, overTime(layer)), config);
      const [batch = 1, frames = 1, tokens = 1, width = 1] = mixed.shape;
      const rows = tf.reshape(mixed, [batch * frames, tokens, width]);
      const block = subtree(params, overSpace(layer));
      x = tf.reshape(encoderBlock(rows, block, { heads: config.heads }), mixed.shape);
    }
    const norm = (name: string) => params[`encoder/encoder_norm/${name}`] as tf.Tensor;
    return layerNorm(x, norm('scale'), norm('bias'));
  });
}

/** An arm's logits of clips, `[B, C]`, the caller's to dispose. */
export function armLogits(
  arm: ArmName,
  video: tf.Tensor,
  params: Params,
  config: TRecViTConfig,
): tf.Tensor2D {
  return tf.tidy(() => {
    const features = armFeatures(arm, video, params, config);
    const { logits } = classificationHead(features, subtree(params, 'decoder/'), config);
    return logits as tf.Tensor2D;
  });
}
