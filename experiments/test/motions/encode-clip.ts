import type { Clip } from '@neverend/trecvit/training';
import type { FFVideoEncoder } from 'node-av/constants';

/** Writes a clip as a video, by FFmpeg's own encoders at their usual losses. @param encoder such as `libx264`, for a path that ends with .mp4. */
export async function encodeClip(
  path: string,
  clip: Clip,
  framesPerSecond: number,
  encoder: 'libx264' | 'libvpx-vp9',
): Promise<void> {
  const av = { ...(await import('node-av/lib')), ...(await import('node-av/constants')) };
  const { frames, rows, columns, pixels } = clip;
  const check = (code: number) => {
    if (code < 0) throw new Error(`${path}: ${av.FFmpegError.strerror(code)}`);
  };
  const codec = av.Codec.findEncoderByName(encoder as FFVideoEncoder);
  if (codec === null) throw new Error(`there is no encoder ${encoder}`);
  const format = new av.FormatContext();
  check(format.allocOutputContext2(null, null, path));
  const context = new av.CodecContext();
  context.allocContext3(codec);
  const pixelFormat = av.AV_PIX_FMT_YUV420P;
  const timeBase = new av.Rational(1, framesPerSecond);
  Object.assign(context, { width: columns, height: rows, pixelFormat, timeBase });
  context.framerate = new av.Rational(framesPerSecond, 1);
  context.threadCount = 1;
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER);
  check(await context.open2(codec, null));
  const stream = format.newStream(null);
  stream.codecpar.fromContext(context);
  stream.timeBase = timeBase;
  check(await format.openOutput());
  check(await format.writeHeader(null));
  const packet = new av.Packet();
  packet.alloc();
  const drain = async () => {
    while ((await context.receivePacket(packet)) >= 0) {
      packet.streamIndex = stream.index;
      packet.duration = 1n;
      packet.rescaleTs(timeBase, stream.timeBase);
      check(await format.interleavedWriteFrame(packet));
      packet.unref();
    }
  };
  const size = rows * columns * 3;
  for (let index = 0; index < frames; index++) {
    const bytes = toYuv(pixels.subarray(index * size, (index + 1) * size), rows, columns);
    const frame = av.Frame.fromVideoBuffer(Buffer.from(bytes), {
      ...{ width: columns, height: rows, format: pixelFormat, pts: BigInt(index), timeBase },
    });
    check(await context.sendFrame(frame));
    frame.free();
    await drain();
  }
  check(await context.sendFrame(null));
  await drain();
  check(await format.writeTrailer());
  packet.free();
  context.freeContext();
  await format.closeOutput();
  format.freeContext();
}

/** RGB as planes of Y, U and V, the last two at half the size (ITU-R BT.601, studio range). */
function toYuv(rgb: Uint8Array, rows: number, columns: number): Uint8Array {
  const [area, quarter] = [rows * columns, (rows * columns) / 4];
  const planes = new Float64Array(area + 2 * quarter);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const [r, g, b] = [rgb[3 * at], rgb[3 * at + 1], rgb[3 * at + 2]] as [number, number, number];
      const half = area + (row >> 1) * (columns / 2) + (column >> 1);
      planes[at] = 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255;
      planes[half] = (planes[half] as number) + 32 + (-37.797 * r - 74.203 * g + 112 * b) / 1020;
      planes[half + quarter] =
        (planes[half + quarter] as number) + 32 + (112 * r - 93.786 * g - 18.214 * b) / 1020;
    }
  }
  return Uint8Array.from(planes, Math.round);
}
