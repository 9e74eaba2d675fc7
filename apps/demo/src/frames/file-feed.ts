import { elementFrames } from './element-frames.ts';
import { type Feed, FramePort } from './feed.ts';

/**
 * Plays a file at its own speed.
 *
 * @param canvas shows it. @param onEnd is called at its end, with an error where it cannot be read on.
 * @throws Error of one sentence where it is no video that the browser knows.
 */
export async function fileFeed(
  file: File,
  canvas: HTMLCanvasElement,
  onEnd: (error?: Error) => void,
): Promise<Feed> {
  return 'VideoDecoder' in globalThis
    ? decodedFeed(file, canvas, onEnd)
    : elementFeed(file, canvas, onEnd);
}

async function decodedFeed(
  file: File,
  canvas: HTMLCanvasElement,
  onEnd: (error?: Error) => void,
): Promise<Feed> {
  const { ALL_FORMATS, BlobSource, Input, VideoSampleSink } = await import('mediabunny');
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack().catch(() => null);
  if (track === null || !(await track.canDecode())) {
    input.dispose();
    return elementFeed(file, canvas, onEnd);
  }
  const port = new FramePort();
  let stopped = false;
  let pausedAt: number | undefined;
  let start: number | undefined;
  const pen = canvas.getContext('2d');
  const play = async () => {
    for await (const sample of new VideoSampleSink(track).samples()) {
      try {
        const now = () => performance.now() / 1000;
        start ??= now() - sample.timestamp;
        while (!stopped) {
          const wait = start + sample.timestamp - now();
          if (pausedAt === undefined && wait <= 0) break;
          await new Promise((resolve) =>
            setTimeout(resolve, pausedAt === undefined ? wait * 1000 : 100),
          );
        }
        if (stopped) return;
        canvas.width = sample.displayWidth;
        canvas.height = sample.displayHeight;
        if (pen !== null) sample.draw(pen, 0, 0);
        if (port.free) {
          port.send({ picture: await createImageBitmap(canvas), seconds: sample.timestamp });
        }
      } finally {
        sample.close();
      }
    }
  };
  play().then(
    () => !stopped && onEnd(),
    (error) => !stopped && onEnd(error as Error),
  );
  return {
    frames: port.frames,
    pause(paused) {
      const now = performance.now() / 1000;
      if (paused) pausedAt ??= now;
      else if (pausedAt !== undefined) {
        if (start !== undefined) start += now - pausedAt;
        pausedAt = undefined;
      }
    },
    stop() {
      stopped = true;
      port.close();
      input.dispose();
    },
  };
}

async function elementFeed(
  file: File,
  canvas: HTMLCanvasElement,
  onEnd: (error?: Error) => void,
): Promise<Feed> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.src = URL.createObjectURL(file);
  const port = new FramePort();
  const pen = canvas.getContext('2d');
  try {
    await video.play();
  } catch {
    URL.revokeObjectURL(video.src);
    throw new Error(`${file.name} is no video that this browser can read.`);
  }
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  let drawing = 0;
  const draw = () => {
    pen?.drawImage(video, 0, 0);
    drawing = video.requestVideoFrameCallback(draw);
  };
  draw();
  const stopFrames = elementFrames(video, port);
  video.onended = () => onEnd();
  return {
    frames: port.frames,
    pause: (paused) => void (paused ? video.pause() : video.play()),
    stop() {
      video.onended = null;
      video.cancelVideoFrameCallback(drawing);
      stopFrames();
      video.pause();
      URL.revokeObjectURL(video.src);
    },
  };
}
