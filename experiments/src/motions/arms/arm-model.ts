import { encoderBlock, initEncoderBlock } from '@neverend/attention';
import { type RandomKey, randomKey } from '@neverend/backend';
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
  if (arm === 'lru') return params;
  for (const name of Object.keys(params)) {
    if (!name.startsWith('encoder/residualblock_')) continue;
    params[name]?.dispose();
    delete params[name];
  }
  for (let layer = 0; layer < config.layers; layer++) {
    const ofLayer = timeMixers[arm].init(randomKey(key.low, key.high, arm, layer), config);
    Object.assign(params, withPrefix(ofLayer, overTime(layer)));
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
