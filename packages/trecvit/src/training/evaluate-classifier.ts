import { checkedSize, checkOptions } from '@neverend/backend';
import { type Params, softmax } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type Clip, type ClipSource, checkClip, checkSource } from './clip-source.ts';
import { readAhead } from './read-ahead.ts';
import { resample } from './resample.ts';
import type { Trainee } from './trainee.ts';
import { evaluationViews, type View } from './view.ts';

/** How well a model tells the classes of videos that it has not seen apart. */
export interface Evaluation {
  readonly videos: number;
  /** The share of the videos whose class is the likeliest one. */
  readonly top1: number;
  /** The share of the videos whose class is among the five likeliest. */
  readonly top5: number;
  /** The mean of -log of the probability of the video's class. */
  readonly loss: number;
}

/** What a model makes of a video: the averages over its clips and crops. */
export interface VideoPrediction {
  readonly video: number;
  readonly label: number;
  readonly logits: Float64Array;
  readonly probabilities: Float64Array;
}

/** How videos are classified. */
export interface PredictOptions {
  /** In the place of the model's own. */
  readonly params?: Params;
  /** Clips of a video, spread evenly over it. Default: 4, as in the paper (table 9). */
  readonly clips?: number;
  /** Crops of each clip, spread evenly over its longer side. Default: 3. */
  readonly crops?: number;
  /** Clips and crops that are computed at once. Default: 8. */
  readonly batchSize?: number;
  /** How many clips are read before they are needed. Default: 8. */
  readonly ahead?: number;
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of videos that are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

const fields: readonly (keyof PredictOptions)[] = [
  ...(['params', 'clips', 'crops', 'batchSize', 'ahead', 'signal', 'onProgress'] as const),
];

/**
 * Evaluates a model on the videos of a source by the probabilities of `predictVideos`. A class that is as likely as the video's own
 * counts as likelier.
 *
 * @throws as `predictVideos` does.
 */
export async function evaluateClassifier(
  model: Trainee,
  source: ClipSource,
  options: PredictOptions = {},
): Promise<Evaluation> {
  let [videos, top1, top5, loss] = [0, 0, 0, 0];
  for await (const { label, probabilities } of predictVideos(model, source, options)) {
    const own = probabilities[label] as number;
    // What is no number beats nothing, and is beaten by all.
    const rank = probabilities.filter((other, index) => index !== label && !(other < own)).length;
    videos++;
    top1 += rank < 1 ? 1 : 0;
    top5 += rank < 5 ? 1 : 0;
    loss -= Math.log(own);
  }
  return { videos, top1: top1 / videos, top5: top5 / videos, loss: loss / videos };
}

interface Work {
  readonly video: number;
  readonly clip: Clip;
  readonly view: View;
  /** Whether it is the last one of its video. */
  readonly last: boolean;
}

/**
 * What a model makes of each video of a source, in their order: logits and probabilities averaged over clips and crops.
 *
 * @throws as the source does. @throws the signal's reason once it is aborted.
 */
export async function* predictVideos(
  model: Trainee,
  source: ClipSource,
  options: PredictOptions = {},
): AsyncGenerator<VideoPrediction, void> {
  checkOptions('predictVideos', options, fields);
  const { batchSize = 8, signal, onProgress, params = model.params } = options;
  checkedSize('batchSize', batchSize);
  checkSource('source', source);
  const classes = source.classNames.length;
  const zeros = () => ({
    views: 0,
    logits: new Float64Array(classes),
    shares: new Float64Array(classes),
  });
  let sums = zeros();
  for await (const batch of batches(views(model, source, options), batchSize)) {
    signal?.throwIfAborted();
    const { logits, shares } = await outputs(model, params, batch);
    for (const [row, { video, last }] of batch.entries()) {
      sums.views++;
      for (let index = 0; index < classes; index++) {
        sums.logits[index] =
          (sums.logits[index] as number) + (logits[row * classes + index] as number);
        sums.shares[index] =
          (sums.shares[index] as number) + (shares[row * classes + index] as number);
      }
      if (!last) continue;
      const { views: count } = sums;
      yield {
        ...{ video, label: source.labels[video] as number },
        logits: sums.logits.map((sum) => sum / count),
        probabilities: sums.shares.map((sum) => sum / count),
      };
      sums = zeros();
      onProgress?.(video + 1, source.labels.length);
    }
  }
}

async function* views(
  { format }: Trainee,
  source: ClipSource,
  { clips = 4, crops = 3, ahead = 8 }: PredictOptions,
): AsyncGenerator<Work, void> {
  checkedSize('clips', clips);
  checkedSize('crops', crops);
  const { frames, imageSize, input } = format;
  const shared = {
    ...{ frames, framesPerSecond: input.framesPerSecond },
    shortSide: Math.max(...imageSize),
  };
  function* jobs() {
    for (const video of source.labels.keys()) {
      for (let index = 0; index < clips; index++) {
        const place = clips === 1 ? 0.5 : index / (clips - 1);
        yield async () => ({
          ...{ video, last: index === clips - 1 },
          clip: await source.clip(video, { ...shared, place }),
        });
      }
    }
  }
  for await (const { video, clip, last } of readAhead(jobs(), checkedSize('ahead', ahead, 0))) {
    checkClip(clip, frames);
    const all = evaluationViews(clip, format, crops);
    for (const [index, view] of all.entries()) {
      yield { video, clip, view, last: last && index === all.length - 1 };
    }
  }
}

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function outputs(
  { format, logits }: Trainee,
  params: Params,
  batch: readonly Work[],
): Promise<{ logits: Float32Array; shares: Float32Array }> {
  const shape = [batch.length, format.frames, ...format.imageSize, 3];
  const size = tf.util.sizeFromShape(shape.slice(1));
  const pixels = new Float32Array(batch.length * size);
  for (const [row, { clip, view }] of batch.entries()) {
    resample(clip, view, format, pixels, row * size);
  }
  const [y, shares] = tf.tidy(() => {
    const found = logits(tf.tensor(pixels, shape), params);
    return [found, softmax(found)];
  });
  try {
    // data() may be a view of the backend's own memory.
    return {
      logits: Float32Array.from(await (y as tf.Tensor).data<'float32'>()),
      shares: Float32Array.from(await (shares as tf.Tensor).data<'float32'>()),
    };
  } finally {
    tf.dispose([y, shares]);
  }
}
