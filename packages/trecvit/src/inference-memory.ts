import {
  checkedSize,
  checkObject,
  checkOptions,
  packedWeightsBytes,
  withPeakBytes,
} from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { TRecViTConfig } from './config.ts';
import { stateBytes } from './costs.ts';
import type { ForwardOptions, TRecViTState } from './forward.ts';
import { parameterCount } from './param-shapes.ts';

/** Bytes of tensors while a model runs. */
export interface InferenceMemory {
  readonly weights: number;
  /** Of the weights that kernels keep in a layout of their own, beside the weights (see `keepPackedWeights`). */
  readonly packed: number;
  /** Of the video that goes in. */
  readonly video: number;
  /** Of what comes out to go on from. */
  readonly state: number;
  /** The most at once, with weights, packed weights and video. */
  readonly peak: number;
}

/** What is measured: a `TRecViT`. */
export interface MeasuredModel {
  readonly config: TRecViTConfig;
  readonly params: Params;
  forward(
    video: tf.Tensor,
    options?: ForwardOptions,
  ): { features: tf.Tensor; logits: tf.Tensor; state: TRecViTState };
}

/**
 * Runs a model on a black video and watches the memory of its tensors (see `withPeakBytes`).
 *
 * @param options `batch`: default 1. `frames`: how many at once, default the configuration's; 1 for what a stream has a push.
 */
export function inferenceMemory(
  model: MeasuredModel,
  options: { readonly batch?: number; readonly frames?: number } = {},
): InferenceMemory {
  checkObject('model', model, 'such as a TRecViT');
  checkOptions('inferenceMemory', options, ['batch', 'frames']);
  const { config } = model;
  const { batch = 1, frames = config.frames } = options;
  checkedSize('batch', batch);
  checkedSize('frames', frames);
  const blank = (count: number) =>
    tf.zeros([batch, count, ...config.imageSize, config.channels] as number[]);
  const run = (video: tf.Tensor) =>
    tf.tidy(() => {
      model.forward(video);
    });
  // Kernels that run for the first time are compared with their composites.
  const one = blank(1);
  run(one);
  one.dispose();
  const video = blank(frames);
  try {
    const { peakBytes } = withPeakBytes(() => run(video));
    const weights = 4 * parameterCount(config);
    const packed = packedWeightsBytes(Object.values(model.params));
    const ofVideo = 4 * video.size;
    return {
      weights,
      packed,
      video: ofVideo,
      state: stateBytes(config, { batch }),
      peak: weights + packed + ofVideo + peakBytes,
    };
  } finally {
    video.dispose();
  }
}
