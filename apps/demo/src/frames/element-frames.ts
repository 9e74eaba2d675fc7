import type { FramePort } from './feed.ts';

/** Sends what a `<video>` shows whenever the port is free. @returns what ends that. */
export function elementFrames(video: HTMLVideoElement, port: FramePort): () => void {
  let stopped = false;
  let request = 0;
  const next = () => {
    request = video.requestVideoFrameCallback(async (_, { mediaTime }) => {
      if (port.free && !stopped) {
        const picture = await createImageBitmap(video).catch(() => undefined);
        if (picture !== undefined && !stopped) port.send({ picture, seconds: mediaTime });
        else picture?.close();
      }
      if (!stopped) next();
    });
  };
  next();
  return () => {
    stopped = true;
    video.cancelVideoFrameCallback(request);
    port.close();
  };
}
