import { elementFrames } from './element-frames.ts';
import { type Feed, FramePort } from './feed.ts';

/** Chromium's `MediaStreamTrackProcessor`, which TypeScript's library does not have. */
declare const MediaStreamTrackProcessor: new (init: {
  readonly track: MediaStreamTrack;
  readonly maxBufferSize?: number;
}) => { readonly readable: ReadableStream<VideoFrame> };

const sentences: Readonly<Record<string, string>> = {
  NotAllowedError:
    'This page may not use the camera; allow it in the browser’s settings for this page, and try again.',
  NotFoundError: 'No camera was found; connect one, and try again.',
  NotReadableError: 'The camera is busy; close the other program that uses it, and try again.',
};

/** @throws Error of one sentence. */
export async function openCamera(): Promise<MediaStream> {
  if (navigator.mediaDevices === undefined) {
    throw new Error('Browsers give pages a camera over https and on localhost alone.');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { width: 640 } });
  } catch (error) {
    const { name, message } = error as Error;
    throw new Error(sentences[name] ?? `The camera could not be started: ${message}.`);
  }
}

/** @param onLost is called when the camera goes away. */
export async function cameraFeed(video: HTMLVideoElement, onLost: () => void): Promise<Feed> {
  const media = await openCamera();
  const [track] = media.getVideoTracks();
  if (track === undefined) throw new Error('The camera gave no picture.');
  track.onended = onLost;
  video.srcObject = media;
  await video.play();
  const stopCamera = () => {
    track.onended = null;
    for (const one of media.getTracks()) one.stop();
    video.srcObject = null;
  };
  if ('MediaStreamTrackProcessor' in globalThis) {
    const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: 1 });
    return { frames: readable, pause: () => undefined, stop: stopCamera };
  }
  const port = new FramePort();
  const stopFrames = elementFrames(video, port);
  return {
    frames: port.frames,
    pause: () => undefined,
    stop() {
      stopFrames();
      stopCamera();
    },
  };
}
