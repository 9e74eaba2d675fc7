import type { AVCodecID, FFDecoderCodec } from 'node-av/constants';
import type { CodecContext, Frame, Rational, Stream } from 'node-av/lib';
import { VideoError } from '../video/video-error.ts';
import { FrameTimes } from './frame-times.ts';
import type { NodeAv } from './node-av.ts';
import { maxPixels, type OpenVideo } from './open-video.ts';

/** A decoded picture in the form that its codec has. */
export interface DecodedFrame {
  readonly seconds: number;
  readonly duration?: number;
  /** Whoever has it frees it. */
  readonly frame: Frame;
}

export interface FrameOptions {
  /** Threads of the codec. */
  readonly threads: number;
  /** Where to look for the first picture. It may come earlier, with what is needed to decode those after it. */
  readonly from: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The pictures of a video in the order in which they are shown. None is decoded before it is asked for, but for those that a codec holds to
 * put them in order.
 *
 * @throws VideoError naming the video where none can be decoded, or reading fails after some.
 */
export async function* decodeFrames(
  video: OpenVideo,
  { threads, from, signal }: FrameOptions,
): AsyncGenerator<DecodedFrame, void, undefined> {
  const { av, format, stream } = video;
  if (from > 0) await seek(video, from);
  const codec = await openCodec(video, threads);
  const times = new FrameTimes(usualDuration(stream));
  const start = startOf(video);
  const packet = new av.Packet();
  packet.alloc();
  let count = 0;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const read = await format.readFrame(packet);
      signal?.throwIfAborted();
      const isOver = read < 0;
      const isOurs = packet.streamIndex === stream.index;
      // A damaged packet costs its own picture and not those after it.
      if (isOver || isOurs) await codec.sendPacket(isOver ? null : packet);
      packet.unref();
      for (;;) {
        const frame = await receive(av, codec);
        if (frame === undefined) break;
        count += 1;
        const stamp = secondsOf(av, frame.bestEffortTimestamp, stream.timeBase);
        const seconds = times.next(stamp === undefined ? undefined : stamp - start);
        const duration = secondsOf(av, frame.duration, stream.timeBase) || undefined;
        yield { seconds, ...(duration === undefined ? {} : { duration }), frame };
      }
      if (!isOver) continue;
      checkEnd(video, read, count);
      return;
    }
  } finally {
    packet.free();
    codec.freeContext();
  }
}

async function receive(av: NodeAv, codec: CodecContext): Promise<Frame | undefined> {
  const frame = new av.Frame();
  frame.alloc();
  if ((await codec.receiveFrame(frame)) >= 0) return frame;
  frame.free();
  return undefined;
}

async function openCodec({ av, stream, name }: OpenVideo, threads: number): Promise<CodecContext> {
  const { codecpar } = stream;
  const transparent = stream.metadata?.get('alpha_mode') === '1' && withAlpha(av, codecpar.codecId);
  const decoder =
    (transparent ? av.Codec.findDecoderByName(transparent) : null) ??
    av.Codec.findDecoder(codecpar.codecId);
  if (decoder === null) {
    throw new VideoError(`${name} has a video codec that is not known here: ${codecpar.codecId}`);
  }
  const codec = new av.CodecContext();
  codec.allocContext3(decoder);
  codec.parametersToContext(codecpar);
  codec.pktTimebase = stream.timeBase;
  codec.threadCount = threads;
  codec.setOption('max_pixels', maxPixels);
  const opened = await codec.open2(decoder, null);
  if (opened >= 0) return codec;
  codec.freeContext();
  throw new VideoError(`${name} cannot be decoded: ${av.FFmpegError.strerror(opened)}`);
}

/** A decoder for these two that keeps their transparency, which FFmpeg's own leave out. */
function withAlpha(av: NodeAv, codec: AVCodecID): FFDecoderCodec | undefined {
  if (codec === av.AV_CODEC_ID_VP9) return av.FF_DECODER_LIBVPX_VP9;
  return codec === av.AV_CODEC_ID_VP8 ? av.FF_DECODER_LIBVPX_VP8 : undefined;
}

/**
 * To the last picture before a time from which decoding can begin. Files look it up by the order of decoding, which may be as much as 16
 * pictures ahead. A stream without a way back stays where it is.
 */
async function seek(video: OpenVideo, seconds: number): Promise<void> {
  const { av, format, stream } = video;
  const { num, den } = stream.timeBase;
  const early = Math.max(0, seconds - 16 * usualDuration(stream));
  const stamp = ((early + startOf(video)) * den) / num;
  const last = Math.min(Math.floor(stamp), Number.MAX_SAFE_INTEGER);
  await format.seekFrame(stream.index, BigInt(last), av.AVSEEK_FLAG_BACKWARD);
}

/** The time stamp at which the video begins, in seconds. */
function startOf({ av, stream, format }: OpenVideo): number {
  return (
    secondsOf(av, stream.startTime, stream.timeBase) ??
    secondsOf(av, format.startTime, { num: 1, den: 1_000_000 }) ??
    0
  );
}

/** The usual time between two pictures. */
function usualDuration({ avgFrameRate }: Stream): number {
  const rate = avgFrameRate.num / avgFrameRate.den;
  return rate > 0 && Number.isFinite(rate) ? 1 / rate : 1 / 25;
}

function secondsOf(
  av: NodeAv,
  stamp: bigint,
  { num, den }: Pick<Rational, 'num' | 'den'>,
): number | undefined {
  return stamp === av.AV_NOPTS_VALUE ? undefined : (Number(stamp) * num) / den;
}

function checkEnd({ av, name, inputError }: OpenVideo, code: number, count: number): void {
  const cause = inputError();
  if (cause !== undefined) {
    throw new VideoError(`${name} could not be read after ${count} pictures`, { cause });
  }
  if (code !== av.AVERROR_EOF) {
    const reason = av.FFmpegError.strerror(code);
    throw new VideoError(`${name} is damaged after ${count} pictures: ${reason}`);
  }
  if (count === 0) throw new VideoError(`${name} has no picture that can be decoded`);
}
