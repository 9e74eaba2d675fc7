import { milliseconds as inWords } from '@neverend/command-line';

/** How long the frames of a stream take, against how often its model sees one. */
export class Pace {
  readonly #framesPerSecond: number;
  #frames = 0;
  #milliseconds = 0;
  #recent = 0;
  #told = { frames: 0, milliseconds: 0 };
  #warned = false;

  constructor(framesPerSecond: number) {
    this.#framesPerSecond = framesPerSecond;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Of the video, so far. */
  get seconds(): number {
    return this.#frames / this.#framesPerSecond;
  }

  /** Milliseconds a frame, of all. */
  get mean(): number {
    return this.#milliseconds / Math.max(1, this.#frames);
  }

  /** False where the frames of a camera would come faster than those of about the last second were done. */
  get keepsUp(): boolean {
    return this.#recent * this.#framesPerSecond <= 1000;
  }

  add(milliseconds: number): void {
    this.#frames++;
    this.#milliseconds += milliseconds;
    const weight = 1 / Math.min(this.#frames, Math.ceil(this.#framesPerSecond));
    this.#recent += weight * (milliseconds - this.#recent);
  }

  /** Milliseconds a frame since the last call. */
  lap(): number {
    const { frames, milliseconds } = this.#told;
    this.#told = { frames: this.#frames, milliseconds: this.#milliseconds };
    return (this.#milliseconds - milliseconds) / Math.max(1, this.#frames - frames);
  }

  /** Says once, and not before a second of video, that frames come faster than they are done. */
  warning(): string | undefined {
    if (this.#warned || this.keepsUp || this.#frames < this.#framesPerSecond) return undefined;
    this.#warned = true;
    return `this machine takes ${inWords(this.#recent)} a frame; the model sees ${this.#framesPerSecond} a second, so a camera would have to drop frames`;
  }
}
