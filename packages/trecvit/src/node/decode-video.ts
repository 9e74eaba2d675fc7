import { checkedSize, checkNumber, checkOptions } from '@neverend/backend';
import { checkFit, type Fit } from '../video/fit.ts';
import type { Picture } from '../video/picture.ts';
import { decodeImages, imagesOf, isImage } from './decode-images.ts';
import { openVideo } from './open-video.ts';
import { picturesOf } from './pictures-of.ts';
import { kindOf, nameOf, type VideoSource } from './video-source.ts';

export interface DecodeOptions {
  /** Scales and crops for a model, within the decoder's library. Default: pictures are as they are displayed. */
  readonly fit?: Fit;
  /** Where to begin, in seconds. The first picture is the one that is shown then, or the last one. Default: the beginning. */
  readonly from?: number;
  /** Pictures at this steady rate, as `samplePictures` gives them; only these are converted. Default: all, at times of their own. */
  readonly framesPerSecond?: number;
  /** The rate of a folder of images, which have no times. Default: 25. */
  readonly imagesPerSecond?: number;
  /** Threads of the codec. With more of them it holds more pictures. Default: 1. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

const optionNames = [
  'fit',
  'from',
  'framesPerSecond',
  'imagesPerSecond',
  'threads',
  'signal',
] as const;

/**
 * The pictures of a video file (mp4, webm, avi, mkv, mov, gif and others), of a folder of images, or of the bytes of a file as they come, such
 * as `process.stdin`. They are upright, their pixels are square, and black is behind what is transparent.
 *
 * A picture is decoded when it is asked for. Whoever leaves the loop, or aborts the signal, frees all that is native.
 *
 * @throws VideoError naming the video when it is none or is damaged, or when node-av is not installed. @throws RangeError | ShapeError |
 * TypeError naming an option. @throws the reason of the signal.
 */
export async function* decodeVideo(
  source: VideoSource,
  options: DecodeOptions = {},
): AsyncGenerator<Picture, void, undefined> {
  checkOptions('decodeVideo', options, optionNames);
  const { fit, from, framesPerSecond, imagesPerSecond = 25, threads = 1, signal } = options;
  if (fit !== undefined) checkFit(fit);
  if (from !== undefined) checkNumber('from', from, 0);
  checkNumber('imagesPerSecond', imagesPerSecond, 1e-3);
  if (framesPerSecond !== undefined) checkNumber('framesPerSecond', framesPerSecond, 1e-3);
  checkedSize('threads', threads);
  signal?.throwIfAborted();
  const kind = await kindOf(source);
  if (typeof source === 'string' && (kind === 'folder' || isImage(source))) {
    const paths = kind === 'folder' ? await imagesOf(source) : [source];
    yield* decodeImages(paths, { size: { fit }, from, framesPerSecond, imagesPerSecond, signal });
    return;
  }
  const video = await openVideo(source, { name: nameOf(source), signal });
  try {
    yield* picturesOf(video, { size: { fit }, from, framesPerSecond, threads, signal });
  } finally {
    await video.close();
  }
}
