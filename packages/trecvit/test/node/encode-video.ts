import { writeFile } from 'node:fs/promises';
import type { FFVideoEncoder } from 'node-av/constants';
import { loadNodeAv } from '../../src/node/node-av.ts';

/** A picture to encode: its bytes as FFmpeg's `pixelFormat` has them, and when it is shown, in thousandths of a second. */
export interface RawPicture {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface EncodeOptions {
  readonly columns: number;
  readonly rows: number;
  /** Default: `libx264`. */
  readonly encoder?: string;
  /** Default: `yuv420p`. */
  readonly pixelFormat?: string;
  /** For how many thousandths of a second the last picture is shown. Default: 40. */
  readonly lasting?: number;
  readonly aspect?: readonly [width: number, height: number];
  /** The first, second, fourth and fifth number of a display matrix. */
  readonly matrix?: readonly [number, number, number, number];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}

/** A real video file, by FFmpeg's own encoders. Their losses are small. */
export async function encodeVideo(
  path: string,
  pictures: readonly RawPicture[],
  settings: EncodeOptions,
): Promise<void> {
  const { columns, rows, encoder = 'libx264', pixelFormat = 'yuv420p', aspect, matrix } = settings;
  const { lasting = 40 } = settings;
  const av = await loadNodeAv();
  const check = (code: number) => {
    if (code < 0) throw new Error(`${path}: ${av.FFmpegError.strerror(code)}`);
  };
  const format = new av.FormatContext();
  check(format.allocOutputContext2(null, null, path));
  const codec = av.Codec.findEncoderByName(encoder as FFVideoEncoder);
  if (codec === null) throw new Error(`there is no encoder ${encoder}`);
  const context = new av.CodecContext();
  context.allocContext3(codec);
  const pixels = av.avGetPixFmtFromName(pixelFormat);
  const timeBase = new av.Rational(1, 1000);
  Object.assign(context, { width: columns, height: rows, pixelFormat: pixels, timeBase });
  context.framerate = new av.Rational(25, 1);
  if (aspect !== undefined) context.sampleAspectRatio = new av.Rational(...aspect);
  context.threadCount = 1;
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER);
  check(await context.open2(codec, av.Dictionary.fromObject({ ...settings.options })));
  const stream = format.newStream(null);
  stream.codecpar.fromContext(context);
  stream.timeBase = timeBase;
  if (aspect !== undefined) stream.sampleAspectRatio = new av.Rational(...aspect);
  if (settings.metadata !== undefined) {
    stream.metadata = av.Dictionary.fromObject({ ...settings.metadata });
  }
  if (matrix !== undefined) {
    const [a, b, c, d] = matrix.map((value) => value * 65_536) as [number, number, number, number];
    const numbers = Int32Array.from([a, b, 0, c, d, 0, 0, 0, 2 ** 30]);
    stream.codecpar.addCodedSideData(av.AV_PKT_DATA_DISPLAYMATRIX, Buffer.from(numbers.buffer));
  }
  check(await format.openOutput());
  check(await format.writeHeader(null));
  const packet = new av.Packet();
  packet.alloc();
  const durations = new Map(
    pictures.map(({ at }, index) => [at, (pictures[index + 1]?.at ?? at + lasting) - at]),
  );
  const drain = async () => {
    while ((await context.receivePacket(packet)) >= 0) {
      packet.streamIndex = stream.index;
      packet.duration = BigInt(durations.get(Number(packet.pts)) ?? 0);
      packet.rescaleTs(timeBase, stream.timeBase);
      check(await format.interleavedWriteFrame(packet));
      packet.unref();
    }
  };
  for (const { at, bytes } of pictures) {
    const frame = av.Frame.fromVideoBuffer(Buffer.from(bytes), {
      width: columns,
      height: rows,
      format: pixels,
      pts: BigInt(at),
      timeBase,
    });
    if (aspect !== undefined) frame.sampleAspectRatio = new av.Rational(...aspect);
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

/** One image, by FFmpeg's own encoders. */
export async function encodeImage(
  path: string,
  bytes: Uint8Array,
  settings: EncodeOptions,
): Promise<void> {
  const { columns, rows, encoder = 'png', pixelFormat = 'rgb24' } = settings;
  const av = await loadNodeAv();
  const codec = av.Codec.findEncoderByName(encoder as FFVideoEncoder);
  if (codec === null) throw new Error(`there is no encoder ${encoder}`);
  const context = new av.CodecContext();
  context.allocContext3(codec);
  const format = av.avGetPixFmtFromName(pixelFormat);
  const timeBase = new av.Rational(1, 25);
  Object.assign(context, { width: columns, height: rows, pixelFormat: format, timeBase });
  const packet = new av.Packet();
  packet.alloc();
  const size = { width: columns, height: rows };
  const frame = av.Frame.fromVideoBuffer(Buffer.from(bytes), {
    ...size,
    format,
    pts: 0n,
    timeBase,
  });
  for (const code of [
    await context.open2(codec, av.Dictionary.fromObject({ ...settings.options })),
    await context.sendFrame(frame),
    await context.sendFrame(null),
    await context.receivePacket(packet),
  ]) {
    if (code < 0) throw new Error(`${path}: ${av.FFmpegError.strerror(code)}`);
  }
  await writeFile(path, packet.data ?? new Uint8Array());
  frame.free();
  packet.free();
  context.freeContext();
}
