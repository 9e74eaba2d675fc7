import { CameraError, isCameraErrorCode } from './camera-error.ts';
import { framesOfStream } from './frames-of-stream.ts';
import { FrameQueue, type LiveFrame, liveFrame } from './live-frame.ts';
import type { Camera } from './open-camera.ts';
import { trackProcessor } from './track-processor.ts';
import { VideoError } from './video-error.ts';

/** Frames on their way to a worker: a stream of them, or a port through which they come one by one. */
export type TransferredFrames =
  | { readonly stream: ReadableStream<VideoFrame> }
  | { readonly port: MessagePort };

/** What goes through the port, from the page: a frame, the end, or why it ended. */
type Message =
  | { readonly image: VideoFrame | ImageBitmap; readonly seconds: number }
  | { readonly end: true; readonly reason?: { readonly message: string; readonly code?: string } };

/**
 * A camera's frames for a worker: `worker.postMessage({ frames }, transfer)`, and there `receiveFrames(frames)`. With a
 * `MediaStreamTrackProcessor` they go past the page; without one the page passes them on, and never more than the worker takes.
 *
 * @param source a camera, or frames of `framesOfVideo`.
 */
export function transferFrames(source: Camera | AsyncIterable<LiveFrame>): {
  readonly frames: TransferredFrames;
  readonly transfer: Transferable[];
} {
  const stream = 'track' in source ? trackProcessor(source.track) : undefined;
  if (stream !== undefined) return { frames: { stream }, transfer: [stream] };
  const { port1, port2 } = new MessageChannel();
  void send('track' in source ? source.frames() : source, port1);
  return { frames: { port: port2 }, transfer: [port2] };
}

async function send(frames: AsyncIterable<LiveFrame>, port: MessagePort): Promise<void> {
  // One frame is on its way at a time; the worker asks for the next one.
  let isWanted = true;
  let isOver = false;
  port.onmessage = ({ data }) => {
    isWanted = true;
    isOver = data === 'end';
  };
  const post = (message: Message, transfer: Transferable[] = []) =>
    port.postMessage(message, transfer);
  try {
    for await (const frame of frames) {
      if (isOver) {
        frame.close();
        break;
      }
      if (isWanted) post({ image: frame.image, seconds: frame.seconds }, [frame.image]);
      else frame.close();
      isWanted = false;
    }
    post({ end: true });
  } catch (error) {
    // An error that is sent as it is loses its class and its code.
    const { message, code } = error as Error & { code?: string };
    post({ end: true, reason: { message, ...(code === undefined ? {} : { code }) } });
  }
  port.close();
}

/** In a worker: the frames that `transferFrames` sent. Each is the caller's to close. */
export async function* receiveFrames(
  frames: TransferredFrames,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<LiveFrame, void, undefined> {
  if ('stream' in frames) {
    yield* framesOfStream(frames.stream, options);
    return;
  }
  const { port } = frames;
  const { signal } = options;
  const queue = new FrameQueue();
  const end = () => queue.end();
  port.onmessage = ({ data }: MessageEvent<Message>) => {
    if ('image' in data) {
      queue.put(liveFrame(data.image, data.seconds));
      port.postMessage('next');
    } else queue.end(data.reason && { reason: errorOf(data.reason) });
  };
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  try {
    yield* queue.frames();
  } finally {
    signal?.removeEventListener('abort', end);
    port.postMessage('end');
    port.close();
  }
}

function errorOf({ message, code }: { readonly message: string; readonly code?: string }): Error {
  return isCameraErrorCode(code) ? new CameraError(code) : new VideoError(message);
}
