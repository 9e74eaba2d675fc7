import { framesOfVideo, type LiveFrame, VideoError } from '@neverend/trecvit/video';

/** A video file that plays on a canvas at its own speed. */
export interface Film {
  /** What is shown, each the caller's to close. It ends with the file, or with `close`. @throws VideoError where it cannot be read on. */
  readonly frames: AsyncIterable<LiveFrame>;
  pause(paused: boolean): void;
  close(): void;
}

/**
 * Opens a file: decoded by mediabunny where the browser has WebCodecs that know it, else played by a `<video>`.
 *
 * @throws VideoError when it is no video that this browser can read.
 */
export async function openFilm(file: File, canvas: HTMLCanvasElement): Promise<Film> {
  return (
    ('VideoDecoder' in globalThis ? await decodedFilm(file, canvas) : undefined) ??
    (await playedFilm(file, canvas))
  );
}

/** @returns undefined where WebCodecs do not know the file. */
async function decodedFilm(file: File, canvas: HTMLCanvasElement): Promise<Film | undefined> {
  const { ALL_FORMATS, BlobSource, Input, VideoSampleSink } = await import('mediabunny');
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack().catch(() => null);
  if (track === null || !(await track.canDecode())) {
    input.dispose();
    return undefined;
  }
  const clock = new Clock();
  async function* frames() {
    const samples = new VideoSampleSink(track as NonNullable<typeof track>).samples();
    try {
      for await (const sample of samples) {
        try {
          if (!(await clock.reaches(sample.timestamp))) return;
          const pen = penOf(canvas, sample.displayWidth, sample.displayHeight);
          sample.draw(pen, 0, 0);
        } finally {
          sample.close();
        }
        yield frameOf(canvas, sample.timestamp);
      }
    } catch (cause) {
      if (!clock.isStopped) throw new VideoError(`${file.name} is damaged`, { cause });
    }
  }
  return {
    frames: frames(),
    pause: (paused) => clock.pause(paused),
    close() {
      clock.stop();
      input.dispose();
    },
  };
}

/** What a canvas shows, upright and as wide as it is displayed. It is copied for those alone that ask for it at once. */
function frameOf(canvas: HTMLCanvasElement, seconds: number): LiveFrame {
  let copy: VideoFrame | undefined;
  return {
    seconds,
    get image() {
      copy ??= new VideoFrame(canvas, { timestamp: Math.round(1e6 * seconds) });
      return copy;
    },
    close: () => copy?.close(),
  };
}

async function playedFilm(file: File, canvas: HTMLCanvasElement): Promise<Film> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  const address = URL.createObjectURL(file);
  video.src = address;
  const closing = new AbortController();
  const close = () => {
    closing.abort();
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(address);
  };
  try {
    await video.play();
  } catch (cause) {
    close();
    throw new VideoError(`${file.name} is no video that this browser can read`, { cause });
  }
  async function* frames() {
    for await (const frame of framesOfVideo(video, { signal: closing.signal })) {
      penOf(canvas, video.videoWidth, video.videoHeight).drawImage(video, 0, 0);
      yield frame;
    }
  }
  return {
    frames: frames(),
    pause: (paused) => void (paused ? video.pause() : video.play()),
    close,
  };
}

function penOf(canvas: HTMLCanvasElement, columns: number, rows: number): CanvasRenderingContext2D {
  // A canvas that gets a size is blank for a moment.
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const pen = canvas.getContext('2d');
  if (pen === null) throw new VideoError('this browser gives no canvas to draw on');
  return pen;
}

/** The time of a film that plays, and may be held. */
class Clock {
  isStopped = false;
  #start: number | undefined;
  #heldAt: number | undefined;
  #changed: () => void = () => {};

  /** Waits for a time of the film. @returns false where it was stopped before. */
  async reaches(seconds: number): Promise<boolean> {
    while (!this.isStopped) {
      this.#start ??= performance.now() - 1000 * seconds;
      const wait = this.#start + 1000 * seconds - performance.now();
      if (this.#heldAt === undefined && wait <= 0) return true;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        if (this.#heldAt === undefined) setTimeout(resolve, wait);
      });
    }
    return false;
  }

  pause(paused: boolean): void {
    const now = performance.now();
    if (paused) this.#heldAt ??= now;
    else if (this.#heldAt !== undefined) {
      if (this.#start !== undefined) this.#start += now - this.#heldAt;
      this.#heldAt = undefined;
    }
    this.#changed();
  }

  stop(): void {
    this.isStopped = true;
    this.#changed();
  }
}
