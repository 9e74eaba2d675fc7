import { checkedSize, checkOptions, type RandomKey, ShapeError } from '@neverend/backend';
import { type Params, softmax } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkParams } from './check-params.ts';
import { checkConfig, type TRecViTConfig } from './config.ts';
import { type ForwardOptions, forward, type TRecViTState } from './forward.ts';
import { initTRecViT } from './init.ts';
import { type StreamOptions, VideoStream } from './video-stream.ts';

/** A TRecViT (arXiv 2412.14294): a configuration and its parameters. */
export class TRecViT {
  readonly config: TRecViTConfig;
  /** By the names of `paramShapes`; the model's to dispose. */
  readonly params: Params;

  /**
   * @param params by the names of `paramShapes`; from now on the model's to dispose.
   * @throws as `checkConfig` does. @throws ShapeError | DTypeError naming all parameters that do not fit it.
   */
  constructor(config: TRecViTConfig, params: Params) {
    checkConfig(config);
    checkParams('params', params, config);
    this.config = config;
    this.params = params;
  }

  /** A model to be trained, with the parameters of `initTRecViT`. @throws as `checkConfig` does. */
  static init(config: TRecViTConfig, key: RandomKey): TRecViT {
    return new TRecViT(config, initTRecViT(key, config));
  }

  /** `forward` with this configuration and these parameters. */
  forward(
    video: tf.Tensor,
    options: ForwardOptions = {},
  ): { features: tf.Tensor; logits: tf.Tensor; state: TRecViTState } {
    return forward(video, this.params, this.config, options);
  }

  /**
   * Classifies whole videos, each cut into clips that know nothing of each other, as the official code does: over the clips of a
   * video, logits are averaged and so are probabilities.
   *
   * @param video `[B, clips · T, rows, columns, channels]`, float32 in [0, 1].
   * @param options `clips`: default as many as the configuration's frames fit in, and at least 1. `crops`: the number of videos in
   * B that are crops of one, next to each other; averaged like clips. Default: 1.
   * @returns `logits` and `probabilities` `[B / crops, C]`, the caller's to dispose.
   * @throws ShapeError when the clips do not divide the frames, or the crops the batch.
   */
  classify(
    video: tf.Tensor,
    options: { readonly clips?: number; readonly crops?: number } = {},
  ): { logits: tf.Tensor; probabilities: tf.Tensor } {
    checkOptions('classify', options, ['clips', 'crops']);
    const [batch = 1, frames = 1, ...pixels] = video.shape;
    const { clips = Math.max(1, Math.floor(frames / this.config.frames)), crops = 1 } = options;
    checkedSize('clips', clips);
    checkedSize('crops', crops);
    if (frames % clips !== 0) {
      throw new ShapeError(
        `video had ${frames} frames; their number must be a multiple of ${clips} clips, such as ${clips * Math.max(1, Math.floor(frames / clips))}`,
      );
    }
    if (batch % crops !== 0) {
      throw new ShapeError(
        `video had ${batch} rows; their number must be a multiple of ${crops} crops`,
      );
    }
    return tf.tidy(() => {
      const cut = tf.reshape(video, [batch * clips, frames / clips, ...pixels]);
      const { logits } = this.forward(cut);
      const mean = (y: tf.Tensor) =>
        tf.mean(tf.reshape(y, [batch / crops, crops * clips, this.config.classes]), 1);
      return { logits: mean(logits), probabilities: mean(softmax(logits)) };
    });
  }

  /** A stream of frames without an end. @throws as `VideoStream` does. */
  stream(options: StreamOptions = {}): VideoStream {
    return new VideoStream(this, options);
  }

  dispose(): void {
    tf.dispose(this.params as Record<string, tf.Tensor>);
  }
}
