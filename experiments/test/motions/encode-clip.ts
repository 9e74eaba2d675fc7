import type { Clip } from '@neverend/trecvit/training';
import { Encoder, FilterAPI, Muxer } from 'node-av/api';
import { AV_PIX_FMT_RGB24, type FFVideoEncoder } from 'node-av/constants';
import { Frame, Rational } from 'node-av/lib';

/** Writes a clip as a video, by FFmpeg's own encoders at their usual losses. @param encoder such as `libx264`, for a path that ends with .mp4. */
export async function encodeClip(
  path: string,
  clip: Clip,
  framesPerSecond: number,
  encoder: 'libx264' | 'libvpx-vp9',
): Promise<void> {
  using filter = FilterAPI.create('format=yuv420p');
  using encoding = await Encoder.create(encoder as FFVideoEncoder, {
    filter,
    // The codec's own quality, in the place of a rate that small pictures never need.
    context: { bitRate: 0, threadCount: 1 },
    // VP9 at its default takes ten times as long.
    options: encoder === 'libvpx-vp9' ? { deadline: 'realtime', 'cpu-used': '8' } : {},
  });
  await using output = await Muxer.open(path);
  const stream = output.addStream(encoding);
  const frames = filter.frames(framesOf(clip, framesPerSecond));
  for await (using packet of encoding.packets(frames)) await output.writePacket(packet, stream);
}

/** The frames of a clip, and the `null` that ends them. */
async function* framesOf(
  { frames, rows, columns, pixels }: Clip,
  framesPerSecond: number,
): AsyncGenerator<Frame | null> {
  const size = rows * columns * 3;
  const timeBase = new Rational(1, framesPerSecond);
  for (let index = 0; index < frames; index++) {
    const bytes = Buffer.from(pixels.subarray(index * size, (index + 1) * size));
    using frame = Frame.fromVideoBuffer(bytes, {
      ...{ width: columns, height: rows, format: AV_PIX_FMT_RGB24 },
      ...{ pts: BigInt(index), timeBase },
    });
    yield frame;
  }
  yield null;
}
