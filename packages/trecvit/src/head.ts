import {
  checkObject,
  checkOneOf,
  checkOptions,
  checkSizes,
  checkTensor,
  described,
} from '@neverend/backend';
import { linear, linearParams, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { poolings, type TRecViTConfig } from './config.ts';

/** What the head's average over time is made of after the frames so far. */
export type HeadState = {
  /** `[B, W, P]`: the last W frames, or one average of all of them. */
  readonly values: tf.Tensor;
  /** `[B, W]`: how much each of them counts; 0 for what was before the first frame. */
  readonly weights: tf.Tensor;
};

/** How the head goes on from the frames before. */
export interface HeadOptions {
  /** What a call returned for the frames before. Default: none came before. */
  readonly state?: HeadState;
  /**
   * What one frame's weight in the average is multiplied by with each later frame, in (0, 1]. Default: 1, the mean over all frames
   * of the official code.
   */
  readonly decay?: number;
  /** The number W of frames that count, all alike, in the place of `decay`. */
  readonly window?: number;
  /** As `residualBlock` takes it, `[B, T]`: a frame at 0 begins the average anew. */
  readonly segmentPos?: tf.Tensor;
}

/**
 * Features to logits (`ClassificationDecoder` of the official code): tanh of a linear layer on the pooled tokens of each frame, its
 * average over time, and a linear layer.
 *
 * @param features `[B, T, N, D]`, float32.
 * @param params `pre_logits/kernel` `[D, P]`, `cls_head/kernel` `[P, C]` and their biases: what lies below `decoder/`.
 * @returns `logits` `[B, C]` after the last frame, `average` `[B, P]`, which they are a linear layer of, and the state; all the
 * caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function classificationHead(
  features: tf.Tensor,
  params: Params,
  config: Pick<TRecViTConfig, 'pooling' | 'headWidth' | 'classes'>,
  options: HeadOptions = {},
): { logits: tf.Tensor; average: tf.Tensor; state: HeadState } {
  checkTensor('features', features, ['B', 'T', 'N', 'D']);
  const [batch = 1, frames = 1, , width = 1] = features.shape;
  checkObject('config', config, 'with pooling, headWidth and classes');
  const { pooling, headWidth, classes } = config;
  checkOneOf('pooling', pooling, poolings);
  checkSizes({ headWidth, classes });
  checkOptions('classificationHead', options, ['state', 'decay', 'window', 'segmentPos']);
  const { state, decay = 1, window, segmentPos } = options;
  if (window !== undefined && options.decay !== undefined) {
    throw new TypeError('decay and window were both given; an average has one of them');
  }
  if (segmentPos !== undefined) checkTensor('segmentPos', segmentPos, [batch, frames], 'int32');
  if (!(Number.isFinite(decay) && decay > 0 && decay <= 1)) {
    throw new RangeError(`decay was ${described(decay)}; it must be above 0 and at most 1`);
  }
  if (window !== undefined) checkSizes({ window });
  const into = linearParams(params, 'pre_logits', width, headWidth);
  const out = linearParams(params, 'cls_head', headWidth, classes);
  const kept = window ?? 1;
  if (state !== undefined) {
    checkObject('state', state, 'with values and weights');
    checkTensor('state.values', state.values, [batch, kept, headWidth]);
    checkTensor('state.weights', state.weights, [batch, kept]);
  }
  return tf.tidy(() => {
    const pooled =
      pooling === 'token'
        ? tf.squeeze(tf.slice(features, [0, 0, 0, 0], [batch, frames, 1, width]), [2])
        : tf.mean(features, 2);
    const hidden = tf.tanh(linear(pooled, into.kernel, into.bias));
    const before = state ?? {
      values: tf.zeros([batch, kept, headWidth]),
      weights: tf.zeros([batch, kept]),
    };
    const { ofFrames, ofState } = ages(batch, frames, decay, segmentPos);
    let values = tf.concat([before.values, hidden], 1);
    let weights = tf.concat([tf.mul(before.weights, ofState), ofFrames], 1);
    if (segmentPos !== undefined) {
      // 0 times what is not finite would be NaN.
      const counts = tf.broadcastTo(tf.expandDims(tf.greater(weights, 0), 2), values.shape);
      values = tf.where(counts, values, tf.zerosLike(values));
    }
    if (window !== undefined) {
      values = tf.slice(values, [0, frames, 0], [batch, kept, headWidth]);
      weights = tf.slice(weights, [0, frames], [batch, kept]);
    }
    const total = tf.sum(weights, 1, true);
    const average = tf.div(tf.sum(tf.mul(values, tf.expandDims(weights, 2)), 1), total);
    return {
      logits: linear(average, out.kernel, out.bias),
      average,
      state:
        window === undefined
          ? { values: tf.expandDims(average, 1), weights: total }
          : { values, weights },
    };
  });
}

/** What the weights of a call's frames are `[B, T]`, and what those of the frames before are multiplied by, `[B, 1]` or one number. */
function ages(
  batch: number,
  frames: number,
  decay: number,
  segmentPos: tf.Tensor | undefined,
): { ofFrames: tf.Tensor; ofState: tf.Tensor } {
  const powers = Array.from({ length: frames }, (_, frame) => decay ** (frames - 1 - frame));
  const ofFrames = tf.tensor2d(Array.from({ length: batch }, () => powers));
  const ofState = tf.scalar(decay ** frames);
  if (segmentPos === undefined) return { ofFrames, ofState };
  // What lies before a frame at which its row begins anew counts no longer.
  const begins = tf.cast(tf.equal(segmentPos, 0), 'float32');
  const isLast = (count: tf.Tensor) => tf.cast(tf.equal(count, 0), 'float32');
  return {
    ofFrames: tf.mul(ofFrames, isLast(tf.cumsum(begins, 1, true, true))),
    ofState: tf.mul(ofState, isLast(tf.sum(begins, 1, true))),
  };
}
