/** TypeScript's library has no `MediaStreamTrackProcessor`: not all browsers have it, and some in workers alone. */
interface TrackProcessor {
  readonly readable: ReadableStream<VideoFrame>;
}

/** The frames of a camera's track as a stream that can be transferred to a worker; undefined where the browser has no such thing. */
export function trackProcessor(track: MediaStreamTrack): ReadableStream<VideoFrame> | undefined {
  const { MediaStreamTrackProcessor } = globalThis as {
    MediaStreamTrackProcessor?: new (init: { track: MediaStreamTrack }) => TrackProcessor;
  };
  if (MediaStreamTrackProcessor === undefined) return undefined;
  return new MediaStreamTrackProcessor({ track }).readable;
}
