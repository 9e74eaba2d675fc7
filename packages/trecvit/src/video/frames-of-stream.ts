import { type LiveFrame, liveFrame } from './live-frame.ts';

/**
 * The frames of a stream of them, such as the `readable` of a `MediaStreamTrackProcessor`, also one that was transferred to a worker.
 *
 * @yields frames, each the caller's to close. Whoever leaves the loop cancels the stream, and with the signal it ends without an error.
 */
export async function* framesOfStream(
  stream: ReadableStream<VideoFrame>,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<LiveFrame, void, undefined> {
  const { signal } = options;
  const reader = stream.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      yield liveFrame(step.value, step.value.timestamp / 1e6);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
