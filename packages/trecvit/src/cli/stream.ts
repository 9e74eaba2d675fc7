import { packedWeightsBytes } from '@neverend/backend';
import { bytes, milliseconds, startBackend } from '@neverend/command-line';
import { stateBytes } from '../costs.ts';
import { decodeVideo } from '../node/index.ts';
import type { Guess } from '../top-k.ts';
import type { TRecViT } from '../trecvit.ts';
import type { Picture } from '../video/picture.ts';
import { picturesToTensor } from '../video/pictures-to-tensor.ts';
import { sampleLive } from '../video/sample-live.ts';
import type { StreamOptions, VideoStream } from '../video-stream.ts';
import { checkModel, checkVideo } from './check-inputs.ts';
import type { StreamFlags } from './flags.ts';
import { openModel } from './open-model.ts';
import { Pace } from './pace.ts';
import type { CommandContext } from './run-command.ts';
import { nameOf, percent, type Verdict, verdictOf } from './verdict.ts';

/** What is told of a moment of a video. */
interface Moment extends Verdict {
  /** Since the video began. */
  readonly seconds: number;
  /** The mean since the moment that was told before. */
  readonly millisecondsPerFrame: number;
  readonly stateBytes: number;
  /** Of the weights that kernels keep in a layout of their own. */
  readonly packedWeightsBytes: number;
  /** False where the frames of a camera would come faster than that. */
  readonly keepsUp: boolean;
  /** Frames that were left out so far, where they were not waited for. */
  readonly dropped?: number;
}

/** Prints a line whenever the likeliest class changes, or every so many seconds of the video. */
export async function stream(
  video: string,
  flags: StreamFlags,
  context: CommandContext,
): Promise<void> {
  if (video !== '-') await checkVideo(video);
  await checkModel(flags.checkpoint, flags);
  await startBackend(flags, context);
  const { model, sureFrom } = await openModel(flags.checkpoint, flags, context);
  try {
    await streamWith(model, video, { sureFrom, ...flags }, context);
  } finally {
    model.dispose();
  }
}

async function streamWith(
  model: TRecViT,
  video: string,
  flags: StreamFlags & { readonly sureFrom: number },
  { note, print, signal }: CommandContext,
): Promise<void> {
  const { every, json, live, sureFrom, top, window } = flags;
  const size = stateBytes(model.config, window === undefined ? {} : { window });
  const pace = new Pace(model.input.framesPerSecond);
  let told: { readonly class: string; readonly seconds: number } | undefined;
  let dropped = 0;
  const onDropped = (count: number) => {
    dropped = count;
  };
  await warmUp(model);
  const packed = packedWeightsBytes();
  const frames = model.stream(averageOf(flags));
  try {
    for await (const picture of picturesOf(video, model, flags, signal, onDropped)) {
      const start = performance.now();
      const verdict = verdictOf(await push(picture, frames, model, top), sureFrom);
      pace.add(performance.now() - start);
      const warning = pace.warning();
      if (warning !== undefined) note(warning);
      const { keepsUp } = pace;
      const seconds = live ? picture.seconds : pace.seconds;
      const current = verdict.sure ? nameOf(verdict.top[0] as Guess) : 'not sure';
      // Times are sums of fractions.
      const isDue =
        told === undefined ||
        (every === undefined ? current !== told.class : seconds - told.seconds > every - 1e-6);
      if (!isDue) continue;
      told = { class: current, seconds };
      const moment: Moment = {
        ...{ seconds, ...verdict, millisecondsPerFrame: pace.lap(), stateBytes: size, keepsUp },
        packedWeightsBytes: packed,
        ...(live && { dropped }),
      };
      await print(json ? `${JSON.stringify(moment)}\n` : textOf(moment));
    }
  } finally {
    frames.dispose();
  }
  note(
    `${pace.frames} frames, ${pace.seconds.toFixed(1)} s of video, ${milliseconds(pace.mean)} a frame, state ${bytes(size)}, packed weights ${bytes(packed)}${live ? `, ${dropped} frames dropped` : ''}`,
  );
}

async function* picturesOf(
  video: string,
  { config: { imageSize }, input: { framesPerSecond, crop } }: TRecViT,
  { imagesPerSecond, live }: StreamFlags,
  signal: AbortSignal,
  onDropped: (count: number) => void,
): AsyncGenerator<Picture> {
  const source = video === '-' ? process.stdin : video;
  const options = { imagesPerSecond, signal, fit: { imageSize, crop } };
  try {
    yield* live
      ? sampleLive(decodeVideo(source, options), framesPerSecond, { decoding: true, onDropped })
      : decodeVideo(source, { ...options, framesPerSecond });
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
  { config, input }: TRecViT,
  top: number,
): Promise<Guess[]> {
  const video = picturesToTensor([picture], config, input);
  const step = frames.push(video);
  video.dispose();
  try {
    const [guesses = []] = await step.top(top);
    return guesses;
  } finally {
    step.dispose();
  }
}

/** What is compiled and compared at the first frame is no pace. */
async function warmUp(model: TRecViT): Promise<void> {
  const [rows, columns] = model.config.imageSize;
  const black = { seconds: 0, rows, columns, pixels: new Uint8Array(3 * rows * columns) };
  const frames = model.stream();
  try {
    for (let frame = 0; frame < 2; frame++) await push(black, frames, model, 1);
  } finally {
    frames.dispose();
  }
}

function textOf({ seconds, top, sure, millisecondsPerFrame, stateBytes: size }: Moment): string {
  const classes = top.map((guess) => `${nameOf(guess)} ${percent(guess.probability)}`).join(', ');
  const cost = `${milliseconds(millisecondsPerFrame)} a frame, state ${bytes(size)}`;
  return `${seconds.toFixed(1).padStart(7)} s  ${sure ? '' : 'not sure: '}${classes}  (${cost})\n`;
}
