import { checkOptions } from '@neverend/backend';
import { CameraError, cameraErrorOf } from './camera-error.ts';
import { framesOfStream } from './frames-of-stream.ts';
import { framesOfVideo } from './frames-of-video.ts';
import type { LiveFrame } from './live-frame.ts';
import { trackProcessor } from './track-processor.ts';

export interface CameraOptions {
  /** Which camera, and how: as for `getUserMedia`. Default: the one that the browser takes, at some 640 x 480 pixels. */
  readonly video?: MediaTrackConstraints;
}

/** A camera that films until it is closed. */
export interface Camera {
  /** For a `<video>` that shows it. */
  readonly stream: MediaStream;
  readonly track: MediaStreamTrack;
  /**
   * What it films.
   *
   * @yields frames, each the caller's to close. It ends with `close` or the signal.
   * @throws CameraError with NEVEREND_CAMERA_UNPLUGGED when it is gone.
   */
  frames(options?: { readonly signal?: AbortSignal }): AsyncGenerator<LiveFrame, void, undefined>;
  /** Switches it off. */
  close(): void;
}

/**
 * Asks for a camera.
 *
 * @throws CameraError, whose `code` says whether it was refused, is missing or busy, or the page may have none. @throws TypeError for an
 * unknown option.
 */
export async function openCamera(options: CameraOptions = {}): Promise<Camera> {
  checkOptions('openCamera', options, ['video']);
  const { video = { width: { ideal: 640 }, height: { ideal: 480 } } } = options;
  if (navigator.mediaDevices?.getUserMedia === undefined) {
    const isInsecure = !globalThis.isSecureContext;
    throw new CameraError(isInsecure ? 'NEVEREND_CAMERA_INSECURE' : 'NEVEREND_CAMERA_UNSUPPORTED');
  }
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    throw cameraErrorOf(error);
  }
  const [track] = stream.getVideoTracks();
  if (track === undefined) throw new CameraError('NEVEREND_CAMERA_MISSING');
  const closing = new AbortController();
  return {
    stream,
    track,
    frames: ({ signal } = {}) => framesOfTrack(track, anyOf(closing.signal, signal)),
    close: () => {
      closing.abort();
      for (const each of stream.getTracks()) each.stop();
    },
  };
}

async function* framesOfTrack(
  track: MediaStreamTrack,
  signal: AbortSignal,
): AsyncGenerator<LiveFrame, void, undefined> {
  const ended = new AbortController();
  const end = () => ended.abort();
  track.addEventListener('ended', end);
  if (track.readyState === 'ended') end();
  const either = anyOf(signal, ended.signal);
  try {
    const readable = trackProcessor(track);
    yield* readable === undefined
      ? playTrack(track, either)
      : framesOfStream(readable, { signal: either });
    // The one who closes it knows that it has gone.
    if (!signal.aborted) throw new CameraError('NEVEREND_CAMERA_UNPLUGGED');
  } finally {
    track.removeEventListener('ended', end);
  }
}

/** A track's frames by a `<video>` that nobody sees. */
async function* playTrack(
  track: MediaStreamTrack,
  signal: AbortSignal,
): AsyncGenerator<LiveFrame, void, undefined> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  try {
    await video.play();
    yield* framesOfVideo(video, { signal });
  } finally {
    video.srcObject = null;
  }
}

function anyOf(first: AbortSignal, second: AbortSignal | undefined): AbortSignal {
  if (second === undefined) return first;
  const either = new AbortController();
  for (const signal of [first, second]) {
    if (signal.aborted) either.abort();
    signal.addEventListener('abort', () => either.abort());
  }
  return either.signal;
}
