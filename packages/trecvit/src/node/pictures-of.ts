import type { PictureSize } from '../video/fit.ts';
import type { Picture } from '../video/picture.ts';
import { samplePictures } from '../video/sample-pictures.ts';
import { type DecodedFrame, decodeFrames } from './decode-frames.ts';
import { aspectOf, FrameToPicture } from './frame-to-picture.ts';
import type { OpenVideo } from './open-video.ts';

export interface PictureOptions {
  readonly size: PictureSize;
  readonly from: number | undefined;
  readonly framesPerSecond: number | undefined;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

/** The pictures of a video from a time on, at their own times or at a steady rate. The video stays the caller's to close. */
export async function* picturesOf(
  video: OpenVideo,
  { size, from, framesPerSecond, threads, signal }: PictureOptions,
): AsyncGenerator<Picture, void, undefined> {
  const { av, name, stream } = video;
  const matrix = stream.codecpar.getCodedSideData(av.AV_PKT_DATA_DISPLAYMATRIX);
  const aspect = aspectOf(stream.sampleAspectRatio);
  const converter = new FrameToPicture({ av, name, size, matrix, aspect });
  try {
    const decoded = decodeFrames(video, { threads, from: from ?? 0, signal });
    const frames = from === undefined ? decoded : beginAt(decoded, from);
    if (framesPerSecond === undefined) yield* convertAll(frames, converter);
    else yield* convertSampled(frames, converter, { framesPerSecond, from, name });
  } finally {
    converter.close();
  }
}

async function* convertAll(
  frames: AsyncIterable<DecodedFrame>,
  converter: FrameToPicture,
): AsyncGenerator<Picture, void, undefined> {
  for await (const frame of frames) {
    let picture: Picture;
    try {
      picture = await converter.convert(frame);
    } finally {
      frame.frame.free();
    }
    yield picture;
  }
}

async function* convertSampled(
  frames: AsyncIterable<DecodedFrame>,
  converter: FrameToPicture,
  {
    framesPerSecond,
    from,
    name,
  }: { readonly framesPerSecond: number; readonly from: number | undefined; readonly name: string },
): AsyncGenerator<Picture, void, undefined> {
  const shown = samplePictures(frames, framesPerSecond, {
    ...(from === undefined ? {} : { from }),
    name,
    release: ({ frame }) => frame.free(),
  });
  let last: { frame: DecodedFrame; picture: Picture } | undefined;
  for await (const frame of shown) {
    if (last?.frame !== frame) last = { frame, picture: await converter.convert(frame) };
    yield last.picture;
  }
}

/** Without the frames before the one that is shown at a time. */
async function* beginAt(
  frames: AsyncIterable<DecodedFrame>,
  from: number,
): AsyncGenerator<DecodedFrame, void, undefined> {
  const held: DecodedFrame[] = [];
  try {
    for await (const frame of frames) {
      if (frame.seconds <= from) for (const early of held.splice(0)) early.frame.free();
      held.push(frame);
      while (frame.seconds > from && held.length > 0) yield held.shift() as DecodedFrame;
    }
    while (held.length > 0) yield held.shift() as DecodedFrame;
  } finally {
    for (const { frame } of held) frame.free();
  }
}
