import { checkFlag, checkObject, checkOptions, remat } from '@neverend/backend';
import { checkedParam, layerNorm, type Params, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { TRecViTConfig } from '../config.ts';
import { officialInput, type VideoInput } from '../config-file.ts';
import { classificationHead } from '../head.ts';
import { trecvitLayer } from '../layer.ts';
import { encoderBlockName, residualBlockName } from '../param-shapes.ts';
import { tokenize } from '../tokenize.ts';
import type { Trainee } from './trainee.ts';

/** How a TRecViT is trained. */
export interface TRecViTTraineeOptions {
  /** How the model wants its video. Default: as the model says, or else `officialInput`. */
  readonly input?: VideoInput;
  /**
   * Whether the backward pass computes each layer a second time, in the place of keeping what lies within it: memory for one layer's
   * activations, and of each layer for its input and the gradient of that, for about a third more time. Default: no.
   */
  readonly remat?: boolean;
}

/** A TRecViT as `trainClassifier` takes it. @param model stays the caller's. @throws TypeError for an unknown option. */
export function trecvitTrainee(
  model: {
    readonly config: TRecViTConfig;
    readonly params: Params;
    readonly input?: VideoInput;
  },
  options: TRecViTTraineeOptions = {},
): Trainee {
  checkOptions('trecvitTrainee', options, ['input', 'remat']);
  checkObject('model', model, 'with config and params');
  const { input = model.input ?? officialInput, remat: again = false } = options;
  checkFlag('remat', again);
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
  const { layers, width, normEps } = config;
  return tf.tidy(() => {
    let x = tokenize(video, subtree(params, 'tokenizer/'), config);
    let isTrained = hasVariables(subtree(params, 'tokenizer/'));
    for (let layer = 0; layer < layers; layer++) {
      const run = (y: tf.Tensor) => trecvitLayer(y, params, layer, config).y;
      isTrained ||= [residualBlockName(layer), encoderBlockName(layer)].some((name) =>
        hasVariables(subtree(params, name)),
      );
      // The backward pass does not come to a layer below which nothing is trained, so that nothing is computed a second time there.
      const isLight = again || !isTrained;
      const y = tf.tidy(() => (isLight ? remat(run)(x) : run(x)));
      // Makes room at once: a tape keeps what it needs.
      x.dispose();
      x = y;
    }
    const norm = (name: string) => checkedParam(params, `encoder/encoder_norm/${name}`, [width]);
    const features = layerNorm(x, norm('scale'), norm('bias'), normEps);
    const { logits } = classificationHead(features, subtree(params, 'decoder/'), config);
    return logits as tf.Tensor2D;
  });
}

const hasVariables = (params: Params): boolean =>
  Object.values(params).some((param) => param instanceof tf.Variable);
