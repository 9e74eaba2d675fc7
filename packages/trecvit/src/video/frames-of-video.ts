import { FrameQueue, type LiveFrame, liveFrame } from './live-frame.ts';
import { VideoError } from './video-error.ts';

/**
 * The frames of a `<video>` as it plays them: a file, an address or a camera. It is played and stopped by its owner.
 *
 * Browsers give them to pages that are seen; a hidden one gets none until it is seen again.
 *
 * @yields frames, each the caller's to close; of those that nobody takes two are kept. It ends with the video, or with the signal.
 * @throws VideoError where the browser cannot play it.
 */
export async function* framesOfVideo(
  video: HTMLVideoElement,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<LiveFrame, void, undefined> {
  const { signal } = options;
  const queue = new FrameQueue();
  const end = () => queue.end();
  const fail = () => {
    const reason = video.error?.message || 'the browser does not say why';
    queue.end({ reason: new VideoError(`the video cannot be played: ${reason}`) });
  };
  const stop = watch(video, async (seconds) => {
    try {
      queue.put(liveFrame(await imageOf(video, seconds), seconds));
    } catch (cause) {
      queue.end({ reason: new VideoError('a frame of the video cannot be read', { cause }) });
    }
  });
  if (signal?.aborted || video.ended) end();
  if (video.error !== null) fail();
  signal?.addEventListener('abort', end);
  video.addEventListener('ended', end);
  video.addEventListener('error', fail);
  try {
    yield* queue.frames();
  } finally {
    stop();
    signal?.removeEventListener('abort', end);
    video.removeEventListener('ended', end);
    video.removeEventListener('error', fail);
  }
}

/** Calls back at each new frame of a video, with its time. @returns what ends that. */
function watch(video: HTMLVideoElement, onFrame: (seconds: number) => Promise<void>): () => void {
  let isOver = false;
  let isBusy = false;
  let last = -1;
  const take = (seconds: number) => {
    // A copy that takes longer than a frame would be overtaken by the next one.
    if (isBusy || video.readyState < video.HAVE_CURRENT_DATA) return;
    isBusy = true;
    void onFrame(seconds).finally(() => {
      isBusy = false;
    });
  };
  const byFrame: VideoFrameRequestCallback = (_, { mediaTime }) => {
    if (isOver) return;
    take(mediaTime);
    video.requestVideoFrameCallback(byFrame);
  };
  const byScreen = () => {
    if (isOver) return;
    if (video.currentTime !== last) take(video.currentTime);
    last = video.currentTime;
    requestAnimationFrame(byScreen);
  };
  if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(byFrame);
  else byScreen();
  return () => {
    isOver = true;
  };
}

async function imageOf(
  video: HTMLVideoElement,
  seconds: number,
): Promise<VideoFrame | ImageBitmap> {
  // Without a copy where there is WebCodecs.
  if (typeof VideoFrame === 'undefined') return createImageBitmap(video);
  return new VideoFrame(video, { timestamp: Math.round(seconds * 1e6) });
}
