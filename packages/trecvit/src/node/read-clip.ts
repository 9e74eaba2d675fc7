import { checkedSize, checkNumber, checkOptions } from '@neverend/backend';
import type { Picture } from '../video/picture.ts';
import { VideoError } from '../video/video-error.ts';
import { decodeImages, imagesOf, isImage } from './decode-images.ts';
import { openVideo } from './open-video.ts';
import { picturesOf } from './pictures-of.ts';
import { secondsOf } from './video-info.ts';
import { kindOf } from './video-source.ts';

/** Which pictures of a video. */
export interface ClipOptions {
  readonly frames: number;
  readonly framesPerSecond: number;
  /** Where the clip lies in its video: 0 is at the beginning, 1 at the end. Default: 0. */
  readonly place?: number;
  /** Where it begins in seconds, in the place of `place`. */
  readonly from?: number;
  /** Pictures are made smaller until their shorter side has so many pixels. Default: they are as they are displayed. */
  readonly shortSide?: number;
  /** The rate of a folder of images. Default: 25. */
  readonly imagesPerSecond?: number;
  readonly signal?: AbortSignal;
}

/** Pictures of one size, at a steady rate. */
export interface VideoClip {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  /** RGB `[frames, rows, columns, 3]`. */
  readonly pixels: Uint8Array;
}

const optionNames = [
  'frames',
  'framesPerSecond',
  'place',
  'from',
  'shortSide',
  'imagesPerSecond',
  'signal',
] as const;

/**
 * A clip out of a video file or a folder of images, of which no more is decoded than it needs. Where the video ends before the clip, its last
 * picture stays.
 *
 * @throws VideoError naming the path when it cannot be read, or its pictures change their size. @throws RangeError | ShapeError |
 * TypeError naming an option. @throws the reason of the signal.
 */
export async function readClip(path: string, options: ClipOptions): Promise<VideoClip> {
  checkClipOptions(options);
  const { frames, framesPerSecond, place = 0, from, shortSide, signal } = options;
  const { imagesPerSecond = 25 } = options;
  signal?.throwIfAborted();
  const startOf = (seconds: number) =>
    from ?? place * Math.max(0, seconds - frames / framesPerSecond);
  const size = { shortSide };
  const kind = await kindOf(path);
  if (kind === 'folder' || isImage(path)) {
    const paths = kind === 'folder' ? await imagesOf(path) : [path];
    const start = startOf(paths.length / imagesPerSecond);
    const settings = { imagesPerSecond, size, from: start, framesPerSecond, signal };
    return collect(path, frames, decodeImages(paths, settings));
  }
  const video = await openVideo(path, { name: path, signal });
  try {
    // A video that does not say how long it is would be read to its end, for nothing where the clip is at its beginning.
    const start = from ?? (place === 0 ? 0 : startOf(await secondsOf(video)));
    const settings = { size, from: start, framesPerSecond, threads: 1, signal };
    return await collect(path, frames, picturesOf(video, settings));
  } finally {
    await video.close();
  }
}

/** @throws RangeError | ShapeError | TypeError naming an option. */
export function checkClipOptions(options: ClipOptions): void {
  checkOptions('readClip', options, optionNames);
  const { frames, framesPerSecond, place, from, shortSide, imagesPerSecond } = options;
  checkedSize('frames', frames);
  checkNumber('framesPerSecond', framesPerSecond, 1e-3);
  if (place !== undefined && from !== undefined) {
    throw new TypeError('place and from were both given; a clip has one of them');
  }
  if (place !== undefined && !(place >= 0 && place <= 1)) {
    throw new RangeError(`place was ${place}; it must be a number from 0 to 1`);
  }
  if (from !== undefined) checkNumber('from', from, 0);
  if (shortSide !== undefined) checkedSize('shortSide', shortSide);
  if (imagesPerSecond !== undefined) checkNumber('imagesPerSecond', imagesPerSecond, 1e-3);
}

async function collect(
  path: string,
  frames: number,
  pictures: AsyncIterable<Picture>,
): Promise<VideoClip> {
  let clip: VideoClip | undefined;
  let count = 0;
  for await (const { rows, columns, pixels } of pictures) {
    clip ??= { frames, rows, columns, pixels: new Uint8Array(frames * pixels.length) };
    if (rows !== clip.rows || columns !== clip.columns) {
      throw new VideoError(
        `${path} has pictures of ${clip.rows} x ${clip.columns} and of ${rows} x ${columns} pixels; those of a clip must be of one size`,
      );
    }
    clip.pixels.set(pixels, count * pixels.length);
    count += 1;
    if (count === frames) return clip;
  }
  if (clip === undefined) throw new VideoError(`${path} has no pictures`);
  const size = clip.pixels.length / frames;
  for (; count < frames; count++)
    clip.pixels.copyWithin(count * size, (count - 1) * size, count * size);
  return clip;
}
