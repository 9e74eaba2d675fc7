import { checkedSize, checkOptions } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { VideoInput } from '../config-file.ts';
import { namedState } from '../state.ts';
import type { Guess } from '../top-k.ts';
import { type StreamedModel, type StreamOptions, VideoStream } from '../video-stream.ts';
import type { LiveFrame } from './live-frame.ts';
import type { Picture } from './picture.ts';
import { PictureReader } from './picture-reader.ts';
import { picturesToTensor } from './pictures-to-tensor.ts';
import { sampleLive } from './sample-live.ts';

export interface ClassifyLiveOptions extends Pick<StreamOptions, 'halfLife' | 'window'> {
  /** How many guesses a step has. Default: 5. */
  readonly top?: number;
}

/** What can be run on frames as they come: a `TRecViT`. */
export interface LiveModel extends StreamedModel {
  /** How it wants its video. */
  readonly input: VideoInput;
}

/** What is known after a frame. */
export interface LiveStep {
  /** The time of the frame. */
  readonly seconds: number;
  /** The likeliest classes, the likeliest first. */
  readonly guesses: readonly Guess[];
  /** What the model took for the frame. */
  readonly milliseconds: number;
  /** Frames that the model has taken since the beginning, */
  readonly seen: number;
  /** and those that it had to leave out since the machine was slower than they came. */
  readonly dropped: number;
  /** Bytes of what the stream keeps from frame to frame. */
  readonly stateBytes: number;
}

/**
 * Classifies frames as they come, at the model's frames a second, in a page or, better, in a worker of it. Where a camera gives fewer, or drops
 * some, a picture counts several times, so that nothing seems to move faster. Where the machine takes longer for a frame than there is
 * between two, frames are left out, and counted, rather than that the answer falls behind: `sampleLive` says how.
 *
 * @param frames of `openCamera`, `framesOfVideo`, `framesOfStream` or `receiveFrames`, which are closed here; or pictures.
 * @yields a step after each frame that the model took. @throws RangeError | TypeError naming an argument. @throws what `frames` throws.
 */
export async function* classifyLive(
  model: LiveModel,
  frames: AsyncIterable<LiveFrame | Picture>,
  options: ClassifyLiveOptions = {},
): AsyncGenerator<LiveStep, void, undefined> {
  checkOptions('classifyLive', options, ['top', 'halfLife', 'window']);
  const { top = 5, halfLife, window } = options;
  const { config, input } = model;
  checkedSize('top', top);
  const reader = new PictureReader({ imageSize: config.imageSize, crop: input.crop });
  const stream = new VideoStream(model, {
    ...(halfLife === undefined ? {} : { halfLife }),
    ...(window === undefined ? {} : { window }),
  });
  let [seen, dropped] = [0, 0];
  const sampled = sampleLive(frames, input.framesPerSecond, {
    read: (frame) => ('image' in frame ? reader.read(frame.image, frame.seconds) : frame),
    release: (frame) => {
      if ('close' in frame) frame.close();
    },
    onDropped: (count) => {
      dropped = count;
    },
  });
  try {
    for await (const picture of sampled) {
      const start = performance.now();
      const video = picturesToTensor([picture], config, input);
      const step = stream.push(video);
      const reading = step.top(top);
      step.dispose();
      video.dispose();
      const [guesses = []] = await reading;
      const milliseconds = performance.now() - start;
      seen += 1;
      const { seconds } = picture;
      yield { seconds, guesses, milliseconds, seen, dropped, stateBytes: bytesOf(stream) };
    }
  } finally {
    stream.dispose();
  }
}

function bytesOf(stream: VideoStream): number {
  const { model } = stream.state();
  if (model === undefined) return 0;
  const tensors = Object.values(namedState(model));
  const bytes = tensors.reduce((sum, { size }) => sum + 4 * size, 0);
  tf.dispose(tensors);
  return bytes;
}
