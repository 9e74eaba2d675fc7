import { decodeFile, framesOfVideo, openCamera, transferFrames } from '../../src/video/index.ts';
import { described, fit, type Seen, seen, type WatchOptions, watch } from './report.ts';

/** What tests ask a page to do. */
const pages = {
  /** The pictures of a file at a steady rate. */
  async file(path: string, framesPerSecond: number, from = 0): Promise<Seen> {
    const pictures = [];
    try {
      const blob = await (await fetch(path)).blob();
      for await (const picture of decodeFile(blob, { fit, framesPerSecond, from })) {
        pictures.push(seen(picture));
      }
      return { pictures, dropped: 0, silences: [] };
    } catch (error) {
      return { pictures, dropped: 0, silences: [], error: described(error) };
    }
  },

  /** A file as a `<video>` plays it. */
  async played(path: string, options: WatchOptions): Promise<Seen> {
    const video = document.createElement('video');
    video.muted = true;
    video.src = path;
    const watching = watch(framesOfVideo(video), options);
    await video.play().catch(() => {});
    return watching;
  },

  /** A camera, in the page or in a worker. @param then what happens to it after some time. */
  async camera(
    where: 'page' | 'worker',
    options: WatchOptions,
    then?: 'unplug' | 'hide',
  ): Promise<Seen> {
    try {
      const camera = await openCamera();
      if (then !== undefined) setTimeout(() => happen(camera.track, then), 500);
      const result =
        where === 'page'
          ? await watch(camera.frames(), options)
          : await new Promise<Seen>((resolve) => {
              const worker = new Worker('/worker.js', { type: 'module' });
              worker.onmessage = ({ data }) => resolve(data);
              const { frames, transfer } = transferFrames(camera);
              worker.postMessage({ frames, options }, transfer);
            });
      camera.close();
      if (camera.track.readyState !== 'ended') throw new Error('the camera still films');
      return result;
    } catch (error) {
      return { pictures: [], dropped: 0, silences: [], error: described(error) };
    }
  },
};

/** A browser lets no script unplug a camera or hide a page, but tells of both by events. */
function happen(track: MediaStreamTrack, what: 'unplug' | 'hide'): void {
  if (what === 'unplug') track.dispatchEvent(new Event('ended'));
  else {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    HTMLVideoElement.prototype.requestVideoFrameCallback = () => 0;
    setTimeout(() => {
      Object.defineProperty(document, 'hidden', { value: false });
      track.dispatchEvent(new Event('ended'));
    }, 2500);
  }
}

export type Pages = typeof pages;
Object.assign(globalThis, { pages });
