import {
  checkedSize,
  checkOptions,
  checkTensor,
  type RandomKey,
  ShapeError,
} from '@neverend/backend';
import { encodeSafetensors, type NamedArray } from '@neverend/checkpoint';
import { type Params, softmax } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkParams } from './check-params.ts';
import type { TRecViTConfig } from './config.ts';
import {
  checkCard,
  type ModelCard,
  officialInput,
  type VideoInput,
  writeCard,
} from './config-file.ts';
import { type ForwardOptions, forward, type TRecViTState } from './forward.ts';
import { initTRecViT } from './init.ts';
import { loadPretrained, type PretrainedOptions } from './pretrained/load-pretrained.ts';
import { cardFile, type ModelLocation, weightsFile } from './pretrained/model-place.ts';
import { defaultTop, type Guess, likeliest } from './top-k.ts';
import { type StreamOptions, VideoStream } from './video-stream.ts';

/** What a model is beside its sizes and parameters. */
export type ModelNotes = Partial<Pick<ModelCard, 'input' | 'classNames'>>;

/** What a model makes of whole videos. */
export interface Classification {
  /** `[B, C]`, averaged over clips and crops. */
  readonly logits: tf.Tensor;
  /** `[B, C]`, averaged over clips and crops: not the softmax of the logits, unless there is but one. */
  readonly probabilities: tf.Tensor;
  /** The likeliest classes of each video by `probabilities`. @param k how many. Default: 5. */
  readonly top: (k?: number) => Promise<Guess[][]>;
  /** Disposes both tensors. */
  readonly dispose: () => void;
}

/** A TRecViT (arXiv 2412.14294): a configuration and its parameters, and how it wants its video and calls its classes. */
export class TRecViT {
  readonly config: TRecViTConfig;
  /** By the names of `paramShapes`; the model's to dispose. */
  readonly params: Params;
  /** How it wants its video. */
  readonly input: VideoInput;
  /** The names of the classes in the order of the logits, where they are known. */
  readonly classNames: readonly string[] | undefined;

  /**
   * @param params by the names of `paramShapes`; from now on the model's to dispose.
   * @param notes `input`: default `officialInput`. `classNames`: default none.
   * @throws as `checkCard` does. @throws ShapeError | DTypeError naming all parameters that do not fit it.
   */
  constructor(config: TRecViTConfig, params: Params, notes: ModelNotes = {}) {
    checkOptions('TRecViT', notes, ['input', 'classNames']);
    const { input = officialInput, classNames } = notes;
    this.config = config;
    this.input = input;
    this.classNames = classNames;
    checkCard(this.card);
    checkParams('params', params, config);
    // Frozen, its subtrees are made once.
    this.params = Object.freeze({ ...params });
  }

  /** A model to be trained, with the parameters of `initTRecViT`. @throws as `checkCard` does. */
  static init(config: TRecViTConfig, key: RandomKey, notes: ModelNotes = {}): TRecViT {
    return new TRecViT(config, initTRecViT(key, config), notes);
  }

  /**
   * A model from a folder with `config.json` and `model.safetensors`, as `saveModel` of `@neverend/trecvit/node` writes it, or from
   * one file: an official .npz checkpoint, whose sizes are read off its arrays, or a safetensors file. One array at a time is in
   * memory beside the tensors. But a page that keeps nothing (`cache: false`, or no Cache Storage) holds the
   * whole file too until all of it is read, in Blobs, where the server does not answer ranges.
   *
   * @param from a path in Node, an address of a folder or a file, or a file itself, such as one that a user picked. What does not end
   * with .npz or .safetensors is the address of a folder.
   * @throws CheckpointError in one sentence that names the file: what is missing, damaged, cut off or does not fit, or why a server
   * cannot be read. @throws the signal's reason, an AbortError if none was given. Nothing half-written stays then, and no tensor.
   */
  static async fromPretrained(
    from: ModelLocation,
    options: PretrainedOptions = {},
  ): Promise<TRecViT> {
    const { card, params } = await loadPretrained(from, options);
    const { config, ...notes } = card;
    return new TRecViT(config, params, notes);
  }

  /** What the model is beside its parameters. */
  get card(): ModelCard {
    const { config, input, classNames } = this;
    return { config, input, ...(classNames === undefined ? {} : { classNames }) };
  }

  /** The files of a folder that `fromPretrained` reads, by their names: as a page offers them for download. */
  async toFiles(): Promise<Record<typeof cardFile | typeof weightsFile, Uint8Array<ArrayBuffer>>> {
    const card = writeCard(this.card);
    const arrays: Record<string, NamedArray> = {};
    for (const [name, tensor] of Object.entries(this.params)) {
      const data = (await tensor.data()) as Float32Array;
      arrays[name] = { dtype: 'float32', shape: tensor.shape, data };
    }
    return {
      [weightsFile]: encodeSafetensors(arrays, { [cardFile]: card }) as Uint8Array<ArrayBuffer>,
      [cardFile]: new TextEncoder().encode(card) as Uint8Array<ArrayBuffer>,
    };
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
   * @returns tensors that are the caller's to dispose, `[B / crops, C]`, and the likeliest classes.
   * @throws ShapeError when the clips do not divide the frames, or the crops the batch.
   */
  classify(
    video: tf.Tensor,
    options: { readonly clips?: number; readonly crops?: number } = {},
  ): Classification {
    checkOptions('classify', options, ['clips', 'crops']);
    const { imageSize, channels } = this.config;
    checkTensor('video', video, ['B', 'frames', ...imageSize, channels]);
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
    const { classNames } = this;
    const averages = tf.tidy(() => {
      const cut = tf.reshape(video, [batch * clips, frames / clips, ...pixels]);
      const { logits } = this.forward(cut);
      const mean = (y: tf.Tensor) =>
        tf.mean(tf.reshape(y, [batch / crops, crops * clips, this.config.classes]), 1);
      return { logits: mean(logits), probabilities: mean(softmax(logits)) };
    });
    return {
      ...averages,
      top: (k = defaultTop) => likeliest(averages.probabilities, k, classNames),
      dispose: () => tf.dispose(averages),
    };
  }

  /** A stream of frames without an end. @throws as `VideoStream` does. */
  stream(options: StreamOptions = {}): VideoStream {
    return new VideoStream(this, options);
  }

  dispose(): void {
    tf.dispose(this.params as Record<string, tf.Tensor>);
  }
}
