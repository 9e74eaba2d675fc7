import { checkNumber, checkOptions } from '@neverend/backend';
import type * as Mediabunny from 'mediabunny';
import { decodeBySeeking } from './decode-by-seeking.ts';
import { checkFit, type Fit } from './fit.ts';
import type { Picture } from './picture.ts';
import { PictureReader } from './picture-reader.ts';
import { samplePictures } from './sample-pictures.ts';
import { VideoError } from './video-error.ts';

export interface FileOptions {
  /** The size of pictures, a model's. */
  readonly fit: Fit;
  /** The model's. */
  readonly framesPerSecond: number;
  /** Where to begin, in seconds. Default: 0. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

/**
 * The pictures of a video file in a browser: `samplePictures` of what mediabunny decodes by WebCodecs (mp4, mov, webm, mkv and others).
 * Nothing is read or decoded long before it is asked for. Where there are no WebCodecs, or not for this file, a `<video>` is moved from
 * picture to picture, which is slow.
 *
 * @param file that a person picked, or whatever else is a `Blob`.
 * @throws VideoError when it is no video that this browser can decode, or mediabunny is not installed. @throws RangeError | ShapeError |
 * TypeError naming an option. @throws the reason of the signal.
 */
export async function* decodeFile(
  file: Blob,
  options: FileOptions,
): AsyncGenerator<Picture, void, undefined> {
  checkOptions('decodeFile', options, ['fit', 'framesPerSecond', 'from', 'signal']);
  const { fit, framesPerSecond, from = 0, signal } = options;
  checkFit(fit);
  checkNumber('framesPerSecond', framesPerSecond, 1e-3);
  checkNumber('from', from, 0);
  signal?.throwIfAborted();
  const reader = new PictureReader(fit);
  const decoder = typeof VideoDecoder === 'undefined' ? undefined : await openFile(file);
  if (decoder === undefined) {
    yield* decodeBySeeking(file, reader, { framesPerSecond, from, signal });
    return;
  }
  try {
    const frames = decoder.frames(from);
    let count = 0;
    const release = ({ sample }: Frame) => sample.close();
    const sampling = { from, name: 'the file', release };
    for await (const frame of samplePictures(frames, framesPerSecond, sampling)) {
      signal?.throwIfAborted();
      count += 1;
      yield reader.readDrawing(drawingOf(frame.sample), frame.seconds);
    }
    if (count === 0) throw new VideoError('the file has no picture that can be decoded');
  } finally {
    decoder.close();
  }
}

interface Frame {
  readonly seconds: number;
  readonly duration: number;
  readonly sample: Mediabunny.VideoSample;
}

interface FileDecoder {
  frames(from: number): AsyncGenerator<Frame, void, undefined>;
  close(): void;
}

/** @returns undefined where WebCodecs do not know the file's kind or codec. */
async function openFile(file: Blob): Promise<FileDecoder | undefined> {
  const { ALL_FORMATS, BlobSource, Input, VideoSampleSink } = await loadMediabunny();
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  try {
    const track = (await input.canRead()) ? await input.getPrimaryVideoTrack() : null;
    if (track !== null && (await track.canDecode())) {
      const sink = new VideoSampleSink(track);
      const first = await track.getFirstTimestamp();
      return {
        frames: (from) => framesOf(sink, first, from),
        close: () => input.dispose(),
      };
    }
  } catch (cause) {
    input.dispose();
    throw new VideoError('the file is no video that can be decoded', { cause });
  }
  input.dispose();
  return undefined;
}

async function* framesOf(
  sink: Mediabunny.VideoSampleSink,
  first: number,
  from: number,
): AsyncGenerator<Frame, void, undefined> {
  try {
    for await (const sample of sink.samples(first + from)) {
      yield { seconds: sample.timestamp - first, duration: sample.duration, sample };
    }
  } catch (cause) {
    throw new VideoError('the file is damaged', { cause });
  }
}

function drawingOf(sample: Mediabunny.VideoSample): Parameters<PictureReader['readDrawing']>[0] {
  return {
    rows: sample.displayHeight,
    columns: sample.displayWidth,
    draw: (context, left, top, columns, rows) => sample.draw(context, left, top, columns, rows),
  };
}

async function loadMediabunny(): Promise<typeof Mediabunny> {
  try {
    return await import('mediabunny');
  } catch (cause) {
    throw new VideoError(
      'video files are decoded by mediabunny, which is not installed: npm install mediabunny',
      { cause },
    );
  }
}
