import { resolve } from 'node:path';
import type { FormatContext, Stream } from 'node-av/lib';
import { VideoError } from '../video/video-error.ts';
import { ByteInput } from './byte-input.ts';
import { loadNodeAv, type NodeAv } from './node-av.ts';
import type { VideoSource } from './video-source.ts';

/** What may be decoded. A playlist would have other files, and other machines, be read in the name of a video. */
const formats =
  'mov,mp4,matroska,webm,avi,gif,apng,mpegts,mpeg,flv,ogg,asf,ivf,h264,hevc,m4v,mjpeg,yuv4mpegpipe';

/** The most pixels of a picture: a file may claim any size, and memory would be taken for it. */
export const maxPixels: number = 2 ** 26;

/** A video whose header was read. */
export interface OpenVideo {
  readonly av: NodeAv;
  readonly format: FormatContext;
  readonly stream: Stream;
  /** The source as messages name it. */
  readonly name: string;
  /** What the source of the bytes threw, which is why reading failed. */
  readonly inputError: () => unknown;
  readonly close: () => Promise<void>;
}

export interface OpenOptions {
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a video. @throws VideoError naming the source when it is none. @throws what the signal says. */
export async function openVideo(
  source: VideoSource,
  { name, signal }: OpenOptions,
): Promise<OpenVideo> {
  const av = await loadNodeAv();
  signal?.throwIfAborted();
  const input = typeof source === 'string' ? undefined : new ByteInput(av, source);
  const format = new av.FormatContext();
  format.allocContext();
  input?.feed(format);
  const interrupt = () => {
    input?.stop();
    format.interrupt();
  };
  signal?.addEventListener('abort', interrupt);
  const close = async () => {
    signal?.removeEventListener('abort', interrupt);
    input?.stop();
    if (input !== undefined) format.pb = null;
    await format.closeInput();
    input?.close();
  };
  const fail = (code: number) => {
    signal?.throwIfAborted();
    const cause = input?.error;
    if (cause !== undefined) throw new VideoError(`${name} could not be read`, { cause });
    if (input?.isEmpty) throw new VideoError(`${name} is empty`);
    throw new VideoError(
      `${name} is no video that can be decoded: ${av.FFmpegError.strerror(code)}`,
    );
  };
  try {
    const options = av.Dictionary.fromObject({
      protocol_whitelist: 'file',
      format_whitelist: formats,
    });
    // A path is one, and never an address or a pattern of names.
    const url = typeof source === 'string' ? `file:${resolve(source)}` : '';
    const opened = await format.openInput(url, null, options);
    if (opened < 0) fail(opened);
    for (const { codecpar } of format.streams) checkSize(name, codecpar.width, codecpar.height);
    const known = await format.findStreamInfo(null);
    if (known < 0) fail(known);
    signal?.throwIfAborted();
    const index = format.findBestStream(av.AVMEDIA_TYPE_VIDEO);
    const stream = format.streams[index];
    if (stream === undefined) throw new VideoError(`${name} has no pictures`);
    checkSize(name, stream.codecpar.width, stream.codecpar.height);
    return { av, format, stream, name, inputError: () => input?.error, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function checkSize(name: string, columns: number, rows: number): void {
  if (columns * rows <= maxPixels) return;
  throw new VideoError(
    `${name} says that its pictures have ${columns} x ${rows} pixels; at most ${maxPixels} can be decoded`,
  );
}
