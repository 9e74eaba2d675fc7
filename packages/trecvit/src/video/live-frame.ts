/** A frame of what is filmed or played, which holds memory of the browser until it is closed. */
export interface LiveFrame {
  /** By the clock of its source. */
  readonly seconds: number;
  readonly image: VideoFrame | ImageBitmap;
  close(): void;
}

/** @param image the frame's, closed with it. */
export function liveFrame(image: VideoFrame | ImageBitmap, seconds: number): LiveFrame {
  return { image, seconds, close: () => image.close() };
}

/** What frames wait in until they are asked for: two, of which a third pushes out the first. */
export class FrameQueue {
  readonly #frames: LiveFrame[] = [];
  #failure: { readonly reason: unknown } | undefined;
  #isOver = false;
  #wake: () => void = () => {};

  put(frame: LiveFrame): void {
    if (this.#isOver) {
      frame.close();
      return;
    }
    this.#frames.push(frame);
    if (this.#frames.length > 2) this.#frames.shift()?.close();
    this.#wake();
  }

  /** No frame comes any more. @param failure why, where it is one. */
  end(failure?: { readonly reason: unknown }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#wake();
  }

  /** The frames, each the caller's to close. */
  async *frames(): AsyncGenerator<LiveFrame, void, undefined> {
    try {
      for (;;) {
        const frame = this.#frames.shift();
        if (frame !== undefined) yield frame;
        else if (this.#isOver) break;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
      if (this.#failure !== undefined) throw this.#failure.reason;
    } finally {
      this.#isOver = true;
      for (const frame of this.#frames.splice(0)) frame.close();
    }
  }
}
