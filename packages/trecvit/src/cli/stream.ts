import * as tf from '@tensorflow/tfjs-core';
import { stateBytes } from '../costs.ts';
import { decodeVideo } from '../node/index.ts';
import { type Guess, topK } from '../top-k.ts';
import type { Picture } from '../video/picture.ts';
import { picturesToTensor } from '../video/pictures-to-tensor.ts';
import type { StreamOptions, VideoStream } from '../video-stream.ts';
import { type OpenModel, openModel } from './open-model.ts';
import { Pace } from './pace.ts';
import type { CommandContext } from './run-command.ts';
import { startBackend } from './start-backend.ts';
import type { StreamFlags } from './stream-command.ts';
import { bytes, milliseconds } from './units.ts';
import { nameOf, percent, type Verdict, verdictOf } from './verdict.ts';

/** What is told of a moment of a video. */
interface Moment extends Verdict {
  /** Since the video began. */
  readonly seconds: number;
  /** The mean since the moment that was told before. */
  readonly millisecondsPerFrame: number;
  readonly stateBytes: number;
  /** False where the frames of a camera would come faster than that. */
  readonly keepsUp: boolean;
}

/** Prints a line whenever the likeliest class changes, or every so many seconds of the video. */
export async function stream(
  video: string,
  flags: StreamFlags,
  context: CommandContext,
): Promise<void> {
  await startBackend(flags, context);
  const opened = await openModel(flags.checkpoint, flags, context);
  try {
    await streamWith(opened, video, flags, context);
  } finally {
    opened.model.dispose();
  }
}

async function streamWith(
  opened: OpenModel,
  video: string,
  flags: StreamFlags,
  { note, print, signal }: CommandContext,
): Promise<void> {
  const { model, input } = opened;
  const { every, json, top, window } = flags;
  const size = stateBytes(model.config, window === undefined ? {} : { window });
  const pace = new Pace(input.framesPerSecond);
  let told: { readonly class: string; readonly seconds: number } | undefined;
  await warmUp(opened);
  const frames = model.stream(averageOf(flags));
  try {
    for await (const picture of picturesOf(video, opened, flags, signal)) {
      const start = performance.now();
      const verdict = verdictOf(await push(picture, frames, opened, top), opened);
      pace.add(performance.now() - start);
      const warning = pace.warning();
      if (warning !== undefined) note(warning);
      const { seconds, keepsUp } = pace;
      const current = verdict.sure ? nameOf(verdict.top[0] as Guess) : 'not sure';
      // Times are sums of fractions.
      const isDue =
        told === undefined ||
        (every === undefined ? current !== told.class : seconds - told.seconds > every - 1e-6);
      if (!isDue) continue;
      told = { class: current, seconds };
      const moment = { seconds, ...verdict, millisecondsPerFrame: pace.lap(), keepsUp };
      await print(lineOf({ ...moment, stateBytes: size }, json));
    }
  } finally {
    frames.dispose();
  }
  note(
    `${pace.frames} frames, ${pace.seconds.toFixed(1)} s of video, ${milliseconds(pace.mean)} a frame, state ${bytes(size)}`,
  );
}

async function* picturesOf(
  video: string,
  { model, input }: OpenModel,
  { imagesPerSecond }: StreamFlags,
  signal: AbortSignal,
): AsyncGenerator<Picture> {
  const { framesPerSecond, crop } = input;
  const fit = { imageSize: model.config.imageSize, crop };
  try {
    const source = video === '-' ? process.stdin : video;
    yield* decodeVideo(source, { framesPerSecond, imagesPerSecond, fit, signal });
  } finally {
    // An open pipe would keep the process from ending.
    if (video === '-') process.stdin.destroy();
  }
}

function averageOf({ halfLife, window }: StreamFlags): StreamOptions {
  if (window !== undefined) return { window };
  return halfLife === undefined ? {} : { halfLife };
}

async function push(
  picture: Picture,
  frames: VideoStream,
  { model, input, classNames }: OpenModel,
  top: number,
): Promise<Guess[]> {
  const { features, logits } = tf.tidy(() =>
    frames.push(picturesToTensor([picture], model.config, input)),
  );
  features.dispose();
  try {
    const [guesses = []] = await topK(logits, top, classNames);
    return guesses;
  } finally {
    logits.dispose();
  }
}

/** What is compiled and compared at the first frame is no pace. */
async function warmUp(opened: OpenModel): Promise<void> {
  const { imageSize } = opened.model.config;
  const [rows, columns] = imageSize;
  const black = { seconds: 0, rows, columns, pixels: new Uint8Array(3 * rows * columns) };
  const frames = opened.model.stream();
  try {
    for (let frame = 0; frame < 2; frame++) await push(black, frames, opened, 1);
  } finally {
    frames.dispose();
  }
}

function lineOf(moment: Moment, json: true | undefined): string {
  if (json) return `${JSON.stringify(moment)}\n`;
  const { seconds, top, sure, millisecondsPerFrame, stateBytes: size } = moment;
  const classes = top.map((guess) => `${nameOf(guess)} ${percent(guess.probability)}`).join(', ');
  return `${seconds.toFixed(1).padStart(7)} s  ${sure ? '' : 'not sure: '}${classes}  (${milliseconds(millisecondsPerFrame)} a frame, state ${bytes(size)})\n`;
}
