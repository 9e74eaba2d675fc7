import { checkNumber, checkOptions } from '@neverend/backend';
import { decodeImage } from './decode-image.ts';
import { imagesOf, isImage } from './decode-images.ts';
import { turnOf } from './display-matrix.ts';
import { aspectOf } from './frame-to-picture.ts';
import { type OpenVideo, openVideo } from './open-video.ts';
import { kindOf } from './video-source.ts';

/** What is known of a video without decoding it. */
export interface VideoInfo {
  readonly seconds: number;
  /** On average, where the file says so. */
  readonly framesPerSecond?: number;
  /** Of pictures as they are displayed: upright, with square pixels. */
  readonly rows: number;
  readonly columns: number;
  /** By how many degrees the pictures of the file are turned clockwise to be upright. */
  readonly rotation: number;
  /** Such as `h264`; `images` for a folder of them. */
  readonly codec: string;
}

/**
 * What is known of a video file or of a folder of images.
 *
 * @param options `imagesPerSecond` is the rate of a folder of images. Default: 25.
 * @throws VideoError naming the path when it is none, or node-av is not installed. @throws RangeError | TypeError naming an option.
 */
export async function videoInfo(
  path: string,
  options: { readonly imagesPerSecond?: number } = {},
): Promise<VideoInfo> {
  checkOptions('videoInfo', options, ['imagesPerSecond']);
  const { imagesPerSecond = 25 } = options;
  checkNumber('imagesPerSecond', imagesPerSecond, 1e-3);
  const kind = await kindOf(path);
  if (kind === 'folder' || isImage(path)) {
    const paths = kind === 'folder' ? await imagesOf(path) : [path];
    const { rows, columns } = await decodeImage(paths[0] as string, {});
    const seconds = paths.length / imagesPerSecond;
    const framesPerSecond = imagesPerSecond;
    return { seconds, framesPerSecond, rows, columns, rotation: 0, codec: 'images' };
  }
  const video = await openVideo(path, { name: path });
  try {
    const { av, stream } = video;
    const { codecpar, avgFrameRate, sampleAspectRatio } = stream;
    const rotation = turnOf(codecpar.getCodedSideData(av.AV_PKT_DATA_DISPLAYMATRIX))?.degrees ?? 0;
    const aspect = aspectOf(sampleAspectRatio) ?? aspectOf(codecpar.sampleAspectRatio) ?? 1;
    const displayed = [codecpar.height, Math.max(1, Math.round(codecpar.width * aspect))] as const;
    const [rows, columns] = rotation % 180 === 0 ? displayed : [displayed[1], displayed[0]];
    const rate = avgFrameRate.num / avgFrameRate.den;
    return {
      seconds: await secondsOf(video),
      ...(rate > 0 && Number.isFinite(rate) ? { framesPerSecond: rate } : {}),
      rows,
      columns,
      rotation,
      codec: av.avGetCodecName(codecpar.codecId) ?? 'unknown',
    };
  } finally {
    await video.close();
  }
}

/** How long a video is. Of a file that does not say so, such as one that a browser recorded, all is read. */
export async function secondsOf(video: OpenVideo): Promise<number> {
  const { av, format, stream } = video;
  const { num, den } = stream.timeBase;
  if (stream.duration > 0n) return (Number(stream.duration) * num) / den;
  if (format.duration > 0n) return Number(format.duration) / 1_000_000;
  const packet = new av.Packet();
  packet.alloc();
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  try {
    while ((await format.readFrame(packet)) >= 0) {
      const { pts, duration, streamIndex } = packet;
      packet.unref();
      if (streamIndex !== stream.index || pts === av.AV_NOPTS_VALUE) continue;
      first = Math.min(first, Number(pts));
      last = Math.max(last, Number(pts + duration));
    }
  } finally {
    packet.free();
  }
  if (last < first) return 0;
  await format.seekFrame(stream.index, BigInt(first), av.AVSEEK_FLAG_BACKWARD);
  return ((last - first) * num) / den;
}
