import {
  CameraError,
  openCamera,
  type TransferredFrames,
  transferFrames,
} from '@neverend/trecvit/video';
import { openFilm } from './film.ts';

/** What is classified, from the page. */
export interface Feed {
  /** For the worker, */
  readonly frames: TransferredFrames;
  /** with what of it is transferred. */
  readonly transfer: Transferable[];
  /** Holds the video, or lets it go on. */
  pause(paused: boolean): void;
  close(): void;
}

export const cameraLost = (): CameraError => new CameraError('NEVEREND_CAMERA_UNPLUGGED');

/**
 * @param video shows what the camera films. @param onLost is told when it goes away.
 * @throws CameraError
 */
export async function cameraFeed(video: HTMLVideoElement, onLost: () => void): Promise<Feed> {
  const camera = await openCamera();
  camera.track.addEventListener('ended', onLost);
  video.srcObject = camera.stream;
  const close = () => {
    camera.track.removeEventListener('ended', onLost);
    camera.close();
    video.srcObject = null;
  };
  try {
    await video.play();
  } catch (error) {
    close();
    throw error;
  }
  return { ...transferFrames(camera), pause: () => {}, close };
}

/** @param canvas shows the film. @throws VideoError */
export async function fileFeed(file: File, canvas: HTMLCanvasElement): Promise<Feed> {
  const film = await openFilm(file, canvas);
  return { ...transferFrames(film.frames), pause: film.pause, close: film.close };
}
