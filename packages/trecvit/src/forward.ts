import { checkList, checkObject, checkOptions, checkTensor, ShapeError } from '@neverend/backend';
import type { RecurrentState } from '@neverend/lru';
import { checkedParam, checkParams, layerNorm, type Params, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig, type TRecViTConfig } from './config.ts';
import { classificationHead, type HeadOptions, type HeadState } from './head.ts';
import { trecvitLayer } from './layer.ts';
import { checkVideo, tokensOfFrames } from './tokenize.ts';

/** What a model needs of the frames before: plain tensors, whose rows are those of the batch. */
export type TRecViTState = {
  /** Of each layer: `rgLru` `[B, N, E]` and `conv` `[B, K-1, N, E]`. */
  readonly layers: RecurrentState[];
  readonly head: HeadState;
};

/** How a call goes on from the frames before. */
export interface ForwardOptions extends Pick<HeadOptions, 'decay' | 'window'> {
  /** What a call returned for the frames before. Default: the video begins here. */
  readonly state?: TRecViTState;
  /** Where each frame stands in its row's video, int32 `[B, T]`: a frame at 0 begins anew. Default: as `residualBlock` has it. */
  readonly segmentPos?: tf.Tensor;
}

/**
 * TRecViT (arXiv 2412.14294): tokens, layers that mix over time and over space in turn, a norm, and the classification head. A
 * whole video, single frames and chunks of any length give the same. Outside of a gradient no more than one layer's
 * activations and its input are in memory.
 *
 * @param video `[B, T, rows, columns, channels]`, float32 in [0, 1]. @param params by the names of `paramShapes`.
 * @returns `features` `[B, T, N, D]`, `logits` `[B, C]` after the last frame, and the state after it; all the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws as `checkConfig` does.
 */
export function forward(
  video: tf.Tensor,
  params: Params,
  config: TRecViTConfig,
  options: ForwardOptions = {},
): { features: tf.Tensor; logits: tf.Tensor; state: TRecViTState } {
  checkOptions('forward', options, ['state', 'segmentPos', 'decay', 'window']);
  checkConfig(config);
  checkParams(params);
  checkVideo(video, config);
  const { state, segmentPos, decay, window } = options;
  if (state !== undefined) {
    checkObject('state', state, 'with layers and head');
    checkList('state.layers', state.layers, 'states of layers');
    if (state.layers.length !== config.layers) {
      throw new ShapeError(
        `state had ${state.layers.length} layers; it must have ${config.layers}, as the configuration`,
      );
    }
    checkObject('state.head', state.head, 'with values and weights');
  }
  if (segmentPos !== undefined) {
    checkTensor('segmentPos', segmentPos, video.shape.slice(0, 2), 'int32');
  }
  const inTime = segmentPos === undefined ? {} : { segmentPos };
  return tf.tidy(() => {
    let x = tokensOfFrames(video, subtree(params, 'tokenizer/'), config);
    /** Makes room at once: a tape keeps what it needs. */
    const next = (y: tf.Tensor) => {
      x.dispose();
      x = y;
    };
    const layers: RecurrentState[] = [];
    for (let layer = 0; layer < config.layers; layer++) {
      const before = state?.layers[layer];
      const { y, state: after } = trecvitLayer(x, params, layer, config, {
        ...inTime,
        ...(before === undefined ? {} : { state: before }),
      });
      next(y);
      layers.push(after);
    }
    const norm = (name: string) =>
      checkedParam(params, `encoder/encoder_norm/${name}`, [config.width]);
    next(layerNorm(x, norm('scale'), norm('bias'), config.normEps));
    const { logits, state: head } = classificationHead(x, subtree(params, 'decoder/'), config, {
      ...inTime,
      ...(state === undefined ? {} : { state: state.head }),
      ...(decay === undefined ? {} : { decay }),
      ...(window === undefined ? {} : { window }),
    });
    return { features: x, logits, state: { layers, head } };
  });
}
