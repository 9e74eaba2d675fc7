import type { Picture } from './picture.ts';
import type { PictureReader } from './picture-reader.ts';
import { VideoError } from './video-error.ts';

/** A browser needs longer than that for one picture of a file that it cannot play. Milliseconds. */
const patience = 20_000;

/** A browser that shows nothing, in a hidden tab or since the picture is there already, says nothing either. Milliseconds. */
const shownWithin = 500;

/** The pictures of a file by a `<video>` that is moved to each of them. Works wherever the browser plays the file, at some pictures a second. */
export async function* decodeBySeeking(
  file: Blob,
  reader: PictureReader,
  options: {
    readonly framesPerSecond: number;
    readonly from: number;
    readonly signal: AbortSignal | undefined;
  },
): AsyncGenerator<Picture, void, undefined> {
  if (typeof document === 'undefined') {
    throw new VideoError(
      'this browser cannot decode the file in a worker; a page can, by a <video>',
    );
  }
  const { framesPerSecond, from, signal } = options;
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.preload = 'auto';
  const address = URL.createObjectURL(file);
  const next = async (name: string, act: () => void) => {
    // Chromium says `seeked` up to some milliseconds before a canvas gets the new picture.
    const shown = pictureShown(video);
    await eventOf(video, name, signal, act);
    await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, shownWithin))]);
  };
  try {
    await next('loadeddata', () => {
      video.src = address;
    });
    if (!Number.isFinite(video.duration)) {
      // A file that a browser recorded says how long it is only after its end was sought.
      await next('durationchange', () => {
        video.currentTime = Number.MAX_SAFE_INTEGER;
      });
    }
    const count = Math.max(1, Math.ceil((video.duration - from) * framesPerSecond - 0.1));
    for (let tick = 0; tick < count; tick++) {
      const seconds = Math.min(from + tick / framesPerSecond, video.duration);
      await next('seeked', () => {
        // A thousandth later, since files round their times.
        video.currentTime = seconds + 1e-3;
      });
      yield reader.read(video, seconds);
    }
  } finally {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(address);
  }
}

function pictureShown(video: HTMLVideoElement): Promise<unknown> {
  if (!('requestVideoFrameCallback' in video)) return Promise.resolve();
  return new Promise((resolve) => video.requestVideoFrameCallback(resolve));
}

/** Does something to a video and waits for what comes of it. @throws VideoError where it fails or takes too long. */
function eventOf(
  video: HTMLVideoElement,
  name: string,
  signal: AbortSignal | undefined,
  act: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      listening.abort();
      finish();
    };
    const fail = (reason: string) =>
      settle(() => reject(new VideoError(`the file is no video that can be played: ${reason}`)));
    const timer = setTimeout(() => fail('the browser does not answer'), patience);
    const once = { signal: listening.signal };
    video.addEventListener(name, () => settle(resolve), once);
    video.addEventListener('error', () => fail(video.error?.message || 'it is damaged'), once);
    signal?.addEventListener('abort', () => settle(() => reject(signal.reason)), once);
    if (signal?.aborted) settle(() => reject(signal.reason));
    else act();
  });
}
