import { checkedSize, checkOptions, checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { TRecViTState } from './forward.ts';
import { namedState, stateOf } from './state.ts';
import { type Average, decodeState, encodeState } from './state-file.ts';
import type { TRecViT } from './trecvit.ts';

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
export interface StreamStep {
  /** `[B, T, N, D]`, of these frames. */
  readonly features: tf.Tensor;
  /** `[B, C]`, of all frames so far, the last of them included. */
  readonly logits: tf.Tensor;
}

/**
 * A model on frames as they come, at the same cost and in the same memory for each, however many there were (arXiv 2412.14294,
 * section 3). Cut into pushes anywhere, a video gives the same.
 */
export class VideoStream {
  readonly batch: number;
  readonly #model: TRecViT;
  readonly #average: Average;
  /** The frames that each row has seen since it began; only whether there was one matters. */
  #seen: number[];
  #state: TRecViTState | undefined;

  /** @throws ShapeError | RangeError | TypeError naming the option. */
  constructor(model: TRecViT, options: StreamOptions = {}) {
    checkOptions('stream', options, ['batch', 'halfLife', 'window']);
    const { batch = 1, halfLife, window } = options;
    this.batch = checkedSize('batch', batch);
    if (halfLife !== undefined && window !== undefined) {
      throw new TypeError('halfLife and window were both given; an average has one of them');
    }
    if (halfLife !== undefined && !(halfLife > 0)) {
      throw new RangeError(`halfLife was ${halfLife}; it must be above 0`);
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
   * @returns the caller's to dispose. @throws ShapeError | DTypeError naming the argument; the stream is as before then.
   */
  push(video: tf.Tensor): StreamStep {
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
    return { features, logits };
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
    for (const row of rows) {
      if (this.#seen[row] === undefined) {
        throw new RangeError(
          `rows had ${row}; a row of this stream is one from 0 to ${this.batch - 1}`,
        );
      }
    }
    for (const row of rows) this.#seen[row] = 0;
    if (this.#seen.every((count) => count === 0)) this.#keep(undefined);
  }

  /** What a stream of the same model needs to go on from here, or undefined before the first frame. The caller's to dispose. */
  state(): TRecViTState | undefined {
    const state = this.#state;
    if (state === undefined) return undefined;
    const named = namedState(state);
    return stateOf(state.layers.length, (name) => tf.clone(named[name] as tf.Tensor));
  }

  /**
   * The state as the bytes of a safetensors file, for another process or a later day.
   *
   * @throws as `encodeSafetensors` does.
   */
  async saveState(): Promise<Uint8Array> {
    return encodeState(
      this.#state,
      { seen: this.#seen, average: this.#average },
      this.#model.config,
    );
  }

  /**
   * Goes on from a state in the place of this one's.
   *
   * @param state bytes of `saveState`. @throws CheckpointError when they are none, or are of another configuration, batch or
   * average, naming it; the stream is as before then.
   */
  restoreState(state: Uint8Array): void {
    const { seen, state: restored } = decodeState(
      state,
      { batch: this.batch, average: this.#average },
      this.#model.config,
    );
    this.#keep(restored);
    this.#seen = [...seen];
  }

  #keep(state: TRecViTState | undefined): void {
    if (this.#state !== undefined) tf.dispose(namedState(this.#state));
    this.#state = state;
    // A caller's tidy must not end them.
    if (state !== undefined) for (const tensor of Object.values(namedState(state))) tf.keep(tensor);
  }

  /** Disposes the state; the model stays. */
  dispose(): void {
    this.#keep(undefined);
  }
}
