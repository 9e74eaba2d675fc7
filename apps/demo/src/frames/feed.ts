import type { FrameSource } from '../protocol.ts';

/** A picture on its way to the worker, which closes it. */
export interface SentFrame {
  readonly picture: VideoFrame | ImageBitmap;
  /** Of the video. */
  readonly seconds: number;
}

/** What is classified, from the page. */
export interface Feed {
  /** For the worker. */
  readonly frames: FrameSource;
  /** Holds the video, or lets it go on. */
  pause(paused: boolean): void;
  /** Ends all that it holds; it may be called twice. */
  stop(): void;
}

/** The page's end of a channel on which one frame is under way at most: none waits in a queue. */
export class FramePort {
  readonly frames: MessagePort;
  readonly #port: MessagePort;
  #free = true;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.frames = port2;
    this.#port = port1;
    // The worker asks for the next one.
    port1.onmessage = () => {
      this.#free = true;
    };
  }

  /** Whether a frame would be taken now. */
  get free(): boolean {
    return this.#free;
  }

  send(frame: SentFrame): void {
    this.#free = false;
    this.#port.postMessage(frame, [frame.picture]);
  }

  /** No other frame comes. */
  end(): void {
    this.#port.postMessage(undefined);
  }

  close(): void {
    this.#port.close();
  }
}
