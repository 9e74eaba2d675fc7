import { checkedSize, checkObject, checkOptions, checkTensor, described } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { TRecViTConfig } from './config.ts';
import type { ForwardOptions, forward, TRecViTState } from './forward.ts';
import { type Average, namedState, type StreamState, stateOf } from './state.ts';
import { checkState, decodeState, encodeState } from './state-file.ts';
import { defaultTop, type Guess, topK } from './top-k.ts';

/** How a stream averages over time for its logits. At most one of the last two. */
export interface StreamOptions {
  /** The number B of videos that go side by side. Default: 1. */
  readonly batch?: number;
  /**
   * After how many frames a frame counts half as much; `Infinity` for the mean over all frames, which is the official code's for a
   * clip. Default: the configuration's `frames`.
   */
  readonly halfLife?: number;
  /** The number of frames that count, all alike, in the place of `halfLife`. */
  readonly window?: number;
}

/** What is known after some frames. */
export type StreamStep = {
  /** `[B, T, N, D]`, of these frames. */
  readonly features: tf.Tensor;
  /** `[B, C]`, of all frames so far, the last of them included. */
  readonly logits: tf.Tensor;
  /** The likeliest classes of each row, as `topK` has them, with the model's names. @param k how many. Default: 5. */
  readonly top: (k?: number) => Promise<Guess[][]>;
  /** Disposes both tensors. */
  readonly dispose: () => void;
};

/** What a stream runs: a `TRecViT`. */
export interface StreamedModel {
  readonly config: TRecViTConfig;
  /** In the order of the logits. */
  readonly classNames?: readonly string[] | undefined;
  forward(video: tf.Tensor, options: ForwardOptions): ReturnType<typeof forward>;
}

/**
 * A model on frames as they come, at the same cost and in the same memory for each, however many there were (arXiv 2412.14294,
 * section 3). Cut into pushes anywhere, a video gives the same.
 */
export class VideoStream {
  readonly batch: number;
  readonly #model: StreamedModel;
  readonly #average: Average;
  #seen: readonly number[];
  #state: TRecViTState | undefined;
  #disposed = false;

  /** @throws ShapeError | RangeError | TypeError naming the option. */
  constructor(model: StreamedModel, options: StreamOptions = {}) {
    checkObject('model', model, 'such as a TRecViT');
    checkOptions('stream', options, ['batch', 'halfLife', 'window']);
    const { batch = 1, halfLife, window } = options;
    this.batch = checkedSize('batch', batch);
    if (halfLife !== undefined && window !== undefined) {
      throw new TypeError('halfLife and window were both given; an average has one of them');
    }
    if (halfLife !== undefined && !(typeof halfLife === 'number' && halfLife >= 0.1)) {
      throw new RangeError(`halfLife was ${described(halfLife)}; it must be at least 0.1`);
    }
    this.#average =
      window === undefined
        ? { halfLife: halfLife ?? model.config.frames }
        : { window: checkedSize('window', window) };
    this.#model = model;
    this.#seen = Array<number>(batch).fill(0);
  }

  /** The frames that each row has seen since it began. */
  get seen(): readonly number[] {
    return this.#seen;
  }

  /**
   * Takes the next frames of every row.
   *
   * @param video `[B, T, rows, columns, channels]`, float32 in [0, 1], with T of any length.
   * @returns features and logits, the caller's to dispose, and the likeliest classes. @throws ShapeError | DTypeError naming the argument; the stream is as before then.
   */
  push(video: tf.Tensor): StreamStep {
    this.#checkAlive();
    const { imageSize, channels } = this.#model.config;
    checkTensor('video', video, [this.batch, 'T', ...imageSize, channels]);
    const frames = video.shape[1] ?? 1;
    const [before, average] = [this.#state, this.#average];
    const { features, logits, state } = tf.tidy(() =>
      this.#model.forward(video, {
        ...('window' in average ? average : { decay: 0.5 ** (1 / average.halfLife) }),
        ...(before === undefined ? {} : { state: before }),
        ...this.#positions(frames),
      }),
    );
    this.#keep(state);
    this.#seen = this.#seen.map((count) => count + frames);
    const { classNames } = this.#model;
    return {
      features,
      logits,
      top: (k = defaultTop) => topK(logits, k, classNames),
      dispose: () => tf.dispose([features, logits]),
    };
  }

  /** Where the frames stand, if some row begins within a batch in which others go on. */
  #positions(frames: number): { segmentPos?: tf.Tensor } {
    if (this.#state === undefined || this.#seen.every((count) => count > 0)) return {};
    const positions = this.#seen.flatMap((count) =>
      // Only 0 means something; a count beyond 2^31 would be no int32.
      Array.from({ length: frames }, (_, frame) => (count === 0 ? frame : 1)),
    );
    return { segmentPos: tf.tensor2d(positions, [this.batch, frames], 'int32') };
  }

  /**
   * Begins some rows anew with their next frame; the others go on.
   *
   * @param rows their indices. Default: all. @throws RangeError naming an index that there is not.
   */
  reset(rows: readonly number[] = [...this.#seen.keys()]): void {
    this.#checkAlive();
    for (const row of rows) {
      if (this.#seen[row] === undefined) {
        throw new RangeError(
          `rows had ${row}; a row of this stream is one from 0 to ${this.batch - 1}`,
        );
      }
    }
    this.#seen = this.#seen.map((count, row) => (rows.includes(row) ? 0 : count));
    if (this.#seen.every((count) => count === 0)) this.#keep(undefined);
  }

  /** What a stream of the same model, batch and average needs to go on from here. The tensors are the caller's to dispose. */
  state(): StreamState {
    this.#checkAlive();
    return { ...this.#belongings(), model: this.#state && cloneOf(this.#state) };
  }

  #belongings(): Omit<StreamState, 'model'> {
    return { config: this.#model.config, average: this.#average, seen: this.#seen };
  }

  /** The state as the bytes of a safetensors file, for another process or a later day. */
  async saveState(): Promise<Uint8Array> {
    // What is pushed meanwhile replaces the stream's own tensors.
    const state = this.state();
    try {
      return await encodeState(state);
    } finally {
      if (state.model !== undefined) tf.dispose(namedState(state.model));
    }
  }

  /**
   * Goes on from a state in the place of this one's.
   *
   * @param state bytes of `saveState`, or a `state()`, which stays the caller's to dispose.
   * @throws CheckpointError when it is none, or is of another configuration, batch or average, naming it. @throws ShapeError |
   * DTypeError naming a tensor that does not fit. The stream is as before then.
   */
  restoreState(state: Uint8Array | StreamState): void {
    this.#checkAlive();
    if (state instanceof Uint8Array) {
      const { seen, model } = decodeState(state, this.#belongings());
      this.#keep(model);
      this.#seen = seen;
      return;
    }
    checkState(state, this.#belongings());
    this.#keep(state.model && cloneOf(state.model));
    this.#seen = [...state.seen];
  }

  #keep(state: TRecViTState | undefined): void {
    if (this.#state !== undefined) tf.dispose(namedState(this.#state));
    this.#state = state;
    // A caller's tidy must not end them.
    if (state !== undefined) for (const tensor of Object.values(namedState(state))) tf.keep(tensor);
  }

  #checkAlive(): void {
    if (this.#disposed) throw new Error('the stream was disposed; make another one');
  }

  /** Disposes the state; the model stays. */
  dispose(): void {
    this.#keep(undefined);
    this.#disposed = true;
  }
}

function cloneOf(state: TRecViTState): TRecViTState {
  const named = namedState(state);
  return stateOf(state.layers.length, (name) => tf.clone(named[name] as tf.Tensor));
}
