import { checkOptions, remat } from '@neverend/backend';
import { checkedParam, layerNorm, type Params, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { TRecViTConfig } from '../config.ts';
import { officialInput, type VideoInput } from '../config-file.ts';
import { classificationHead } from '../head.ts';
import { trecvitLayer } from '../layer.ts';
import { tokenize } from '../tokenize.ts';
import type { Trainee } from './trainee.ts';

/** How a TRecViT is trained. */
export interface TRecViTTraineeOptions {
  /** How the model wants its video. Default: `officialInput`. */
  readonly input?: VideoInput;
  /**
   * Whether the backward pass computes each layer a second time, in the place of keeping what lies within it: memory for one layer's
   * activations and each layer's input, for about a third more time. Default: no.
   */
  readonly remat?: boolean;
}

/** A TRecViT as `trainClassifier` takes it. @param model stays the caller's. @throws TypeError for an unknown option. */
export function trecvitTrainee(
  model: { readonly config: TRecViTConfig; readonly params: Params },
  options: TRecViTTraineeOptions = {},
): Trainee {
  checkOptions('trecvitTrainee', options, ['input', 'remat']);
  const { input = officialInput, remat: again = false } = options;
  const { config, params } = model;
  return {
    params,
    format: { frames: config.frames, imageSize: config.imageSize, input },
    logits: (video, now) => trainingLogits(video, now, config, again),
  };
}

/** What `forward` has as logits, without a state to go on from. */
function trainingLogits(
  video: tf.Tensor,
  params: Params,
  config: TRecViTConfig,
  again: boolean,
): tf.Tensor2D {
  const { layers, heads, width } = config;
  return tf.tidy(() => {
    let x = tokenize(video, subtree(params, 'tokenizer/'), config);
    for (let layer = 0; layer < layers; layer++) {
      const run = (y: tf.Tensor) => trecvitLayer(y, params, layer, { heads }).y;
      const y = tf.tidy(() => (again ? remat(run)(x) : run(x)));
      // Makes room at once: a tape keeps what it needs.
      x.dispose();
      x = y;
    }
    const norm = (name: string) => checkedParam(params, `encoder/encoder_norm/${name}`, [width]);
    const features = layerNorm(x, norm('scale'), norm('bias'));
    const { logits } = classificationHead(features, subtree(params, 'decoder/'), config);
    return logits as tf.Tensor2D;
  });
}
