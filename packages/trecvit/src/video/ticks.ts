import { checkNumber } from '@neverend/backend';
import { VideoError } from './video-error.ts';

/**
 * How much later than a tick, as a part of the time between two, a picture may come and still count as there: files round their times, and a
 * picture that is late by a thousandth of a second must not give way to the one before it.
 */
const slack = 0.1;

/** A step back by more seconds than that is a video that began anew, and not a picture that came late. */
const restart = 1;

/** What a gap does that is longer than the longest one. */
export type GapRule = 'error' | 'cut';

/** The ticks of a steady clock, and how many of them each picture of a video with times of its own fills. */
export class Ticks {
  readonly #framesPerSecond: number;
  readonly #longestGap: number;
  readonly #gap: GapRule;
  #origin: number | undefined;
  /** What is added to the times of pictures after a cut. */
  #shift = 0;
  /** The time of the last picture since the first tick. */
  #last = 0;
  /** The first tick that no picture has filled. */
  #next = 0;
  #pictures = 0;
  readonly #of: string;

  /**
   * @param origin the time of the first tick. Default: that of the first picture.
   * @param name what messages call the video. @throws RangeError naming the argument.
   */
  constructor(
    framesPerSecond: number,
    longestGap: number,
    gap: GapRule,
    origin?: number,
    name?: string,
  ) {
    checkNumber('framesPerSecond', framesPerSecond, 0);
    if (framesPerSecond === 0) throw new RangeError('framesPerSecond was 0; it must be above 0');
    if (!(longestGap > 0)) {
      throw new RangeError(`longestGap was ${longestGap}; it must be a number above 0`);
    }
    if (origin !== undefined) checkNumber('from', origin);
    this.#framesPerSecond = framesPerSecond;
    this.#longestGap = longestGap;
    this.#gap = gap;
    this.#origin = origin;
    this.#of = name === undefined ? '' : ` of ${name}`;
  }

  /** Those of the video so far, without its gaps. */
  get seconds(): number {
    return this.#last;
  }

  /**
   * The next picture comes.
   *
   * @returns the number of ticks before it that the picture before it fills, or undefined where this one is from before its predecessor
   * and to be left out. @throws VideoError where it has no time, or comes after too long a gap.
   */
  take(seconds: number): number | undefined {
    this.#pictures += 1;
    if (!Number.isFinite(seconds)) {
      throw new VideoError(
        `picture ${this.#pictures}${this.#of} has the time ${seconds}; it must be a finite number of seconds`,
      );
    }
    this.#origin ??= seconds;
    let time = seconds - this.#origin + this.#shift;
    const step = time - this.#last;
    // The first may be from before the first tick.
    const back = step < 0 && this.#pictures > 1;
    if (back && step >= -restart) return undefined;
    const gap = step > this.#longestGap;
    if (gap && this.#gap === 'error') {
      throw new VideoError(
        `picture ${this.#pictures}${this.#of} comes ${step} s after the one before it; at most ${this.#longestGap} s may lie between two`,
      );
    }
    if (back || gap) {
      const cut = this.#last + 1 / this.#framesPerSecond;
      this.#shift += cut - time;
      time = cut;
    }
    this.#last = time;
    return this.#fill(Math.ceil(time * this.#framesPerSecond - slack));
  }

  /** No other picture comes. @returns the number of ticks that the last one fills. */
  end(duration = 0): number {
    const time = this.#last * this.#framesPerSecond;
    const shown = Math.ceil(time + duration * this.#framesPerSecond - slack);
    return this.#fill(Math.max(shown, Math.floor(time + slack) + 1));
  }

  #fill(until: number): number {
    const count = Math.max(0, until - this.#next);
    this.#next += count;
    return count;
  }
}
