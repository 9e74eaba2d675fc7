import { messageOf, startBackend } from '@neverend/command-line';
import * as tf from '@tensorflow/tfjs-core';
import { decodeVideo, videoInfo } from '../node/index.ts';
import { likeliest } from '../top-k.ts';
import type { TRecViT } from '../trecvit.ts';
import { checkModel, checkVideo } from './check-inputs.ts';
import { clipsOf, type PictureClip } from './clips-of.ts';
import { cropsToTensor } from './crops-to-tensor.ts';
import type { ClassifyFlags } from './flags.ts';
import { openModel } from './open-model.ts';
import type { CommandContext } from './run-command.ts';
import { nameOf, percent, type Verdict, verdictOf } from './verdict.ts';

/** What a model says of a video: the averages over its clips, and each clip. */
interface Classified extends Verdict {
  readonly video: string;
  readonly seconds: number;
  readonly frames: number;
  readonly clips: readonly (Verdict & { readonly from: number; readonly to: number })[];
}

/**
 * Prints the likeliest classes of videos. Where there are several, one that cannot be read does not keep the others from it.
 *
 * @throws what reading the only video throws.
 */
export async function classify(
  videos: readonly string[],
  flags: ClassifyFlags,
  context: CommandContext,
): Promise<void> {
  const [first] = videos;
  if (first !== undefined && videos.length === 1) await checkVideo(first);
  await checkModel(flags.checkpoint, flags);
  const backend = await startBackend(flags, context);
  const { model, name, sureFrom } = await openModel(flags.checkpoint, flags, context);
  const options = { sureFrom, ...flags };
  const results: (Classified | { readonly video: string; readonly error: string })[] = [];
  try {
    for (const [index, video] of videos.entries()) {
      try {
        const result = await classifyVideo(video, model, options, context);
        results.push(result);
        if (!flags.json) await context.print(`${index === 0 ? '' : '\n'}${textOf(result)}`);
      } catch (error) {
        context.signal.throwIfAborted();
        if (videos.length === 1) throw error;
        context.fail(error);
        results.push({ video, error: messageOf(error) });
      }
    }
  } finally {
    model.dispose();
  }
  if (flags.json) {
    const answer = { model: name, backend: backend.name, videos: results };
    await context.print(`${JSON.stringify(answer)}\n`);
  }
}

async function classifyVideo(
  video: string,
  model: TRecViT,
  { crops, top, imagesPerSecond, sureFrom }: ClassifyFlags & { readonly sureFrom: number },
  { signal, progress }: CommandContext,
): Promise<Classified> {
  const { framesPerSecond, crop } = model.input;
  const { classes, frames: clipFrames, imageSize } = model.config;
  const { seconds: total } = await videoInfo(video, { imagesPerSecond });
  const pictures = decodeVideo(video, {
    framesPerSecond,
    imagesPerSecond,
    signal,
    // Crops are cut from the whole picture.
    ...(crops === 1 ? { fit: { imageSize, crop } } : {}),
  });
  const sums = new Float64Array(classes);
  const clips: (Verdict & { from: number; to: number })[] = [];
  let seconds = 0;
  let frames = 0;
  const verdict = async (probabilities: Float32Array) => {
    const row = tf.tensor2d(probabilities, [1, classes]);
    try {
      const [guesses = []] = await likeliest(row, top, model.classNames);
      return verdictOf(guesses, sureFrom);
    } finally {
      row.dispose();
    }
  };
  for await (const { from, pictures: clip } of clipsOf(pictures, clipFrames, framesPerSecond)) {
    const probabilities = await probabilitiesOf(clip, model, crops);
    probabilities.forEach((probability, index) => {
      sums[index] = (sums[index] as number) + probability;
    });
    frames = Math.round(from * framesPerSecond) + clip.length;
    seconds = frames / framesPerSecond;
    clips.push({ from, to: seconds, ...(await verdict(probabilities)) });
    progress({ title: `classify ${video}`, done: seconds, total: Math.max(total, seconds) });
  }
  const mean = Float32Array.from(sums, (sum) => sum / clips.length);
  return { video, seconds, frames, ...(await verdict(mean)), clips };
}

/** The averages over the crops of a clip, `[C]`. */
async function probabilitiesOf(
  pictures: PictureClip['pictures'],
  model: TRecViT,
  crops: number,
): Promise<Float32Array> {
  const video = cropsToTensor(pictures, crops, model);
  const { probabilities, dispose } = model.classify(video, {
    clips: 1,
    crops: video.shape[0] ?? 1,
  });
  video.dispose();
  try {
    return Float32Array.from(await probabilities.data<'float32'>());
  } finally {
    dispose();
  }
}

function textOf({ video, seconds, clips, top, sure }: Classified): string {
  const head = `${video} (${seconds.toFixed(1)} s, ${clips.length} clip${clips.length === 1 ? '' : 's'})\n`;
  const doubt = sure ? '' : '  not sure; the likeliest:\n';
  const lines = top.map(
    (guess) => `  ${percent(guess.probability).padStart(7)}  ${nameOf(guess)}\n`,
  );
  return head + doubt + lines.join('');
}
