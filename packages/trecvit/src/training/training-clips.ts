import { randomKey, randomPermutation } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { type Clip, type ClipFormat, type ClipSource, checkClip } from './clip-source.ts';
import { readAhead } from './read-ahead.ts';
import { resample } from './resample.ts';
import { mirroredLabels, type ResolvedSettings } from './train-settings.ts';
import { type Draws, drawsOf, isMirrored, trainingView, zoomOf } from './view.ts';

/** A clip of a training, cut but not yet resized. */
export interface DrawnClip {
  readonly clip: Clip;
  readonly draws: Draws;
  readonly label: number;
}

/**
 * The clips of a training from a step on. Which video, and what of it, is a function of the seed and the clip's number alone: videos
 * come in seeded permutations, one an epoch.
 *
 * @param ahead how many clips are read before they are needed.
 */
export function trainingClips(
  source: ClipSource,
  format: ClipFormat,
  settings: ResolvedSettings,
  step: number,
  ahead: number,
): AsyncGenerator<DrawnClip, void> {
  return readAhead(jobs(source, format, settings, step), ahead);
}

function* jobs(
  source: ClipSource,
  format: ClipFormat,
  settings: ResolvedSettings,
  step: number,
): Generator<() => Promise<DrawnClip>, void> {
  const { seed, batchSize, steps, scaleJitter, flips } = settings;
  const { labels, classNames } = source;
  const swapped = flips === 'none' ? [] : mirroredLabels(flips, classNames);
  const { frames, imageSize, input } = format;
  const { framesPerSecond } = input;
  let order: { epoch: number; videos: Uint32Array } | undefined;
  for (let number = step * batchSize; number < steps * batchSize; number++) {
    const epoch = Math.floor(number / labels.length);
    if (order?.epoch !== epoch) {
      const videos = randomPermutation(randomKey(seed, 'order', epoch), labels.length);
      order = { epoch, videos };
    }
    const video = order.videos[number % labels.length] as number;
    const draws = drawsOf(randomKey(seed, 'clip', number));
    const shortSide = Math.round(Math.max(...imageSize) * zoomOf(draws, scaleJitter));
    const label = labels[video] as number;
    const mirrored = isMirrored(draws, flips);
    yield async () => {
      const request = { frames, framesPerSecond, place: draws.place, shortSide };
      const clip = await source.clip(video, request);
      checkClip(clip, frames);
      return { clip, draws, label: mirrored ? (swapped[label] as number) : label };
    };
  }
}

/** @returns `video` `[B, T, rows, columns, 3]` and `labels` `[B]`, the caller's to dispose. */
export function batchOf(
  drawn: readonly DrawnClip[],
  format: ClipFormat,
  settings: ResolvedSettings,
): { video: tf.Tensor; labels: tf.Tensor1D } {
  const shape = [drawn.length, format.frames, ...format.imageSize, 3];
  const size = tf.util.sizeFromShape(shape);
  const pixels = new Float32Array(size);
  for (const [index, { clip, draws }] of drawn.entries()) {
    const view = trainingView(clip, format, draws, settings);
    resample(clip, view, format, pixels, (index * size) / drawn.length);
  }
  const labels = tf.tensor1d(
    drawn.map(({ label }) => label),
    'int32',
  );
  return { video: tf.tensor(pixels, shape), labels };
}
