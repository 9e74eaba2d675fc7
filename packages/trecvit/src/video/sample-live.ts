import { checkedSize, checkOptions } from '@neverend/backend';
import type { SampleOptions, Timed } from './sample-pictures.ts';
import { Ticks } from './ticks.ts';

export interface LiveOptions<P, Q = P> extends Pick<SampleOptions<P>, 'release'> {
  /** Makes what is shown of a picture, once for each that is. A camera may stop for as long as its pictures are held. Default: the picture itself. */
  readonly read?: (picture: P) => Q;
  /** How many may wait for a model that is late. Default: 2. */
  readonly backlog?: number;
  /**
   * Whether a picture is decoded when it is asked for, as `decodeVideo` does: those that came while the model computed are then decoded before it
   * sees the next one. Default: false.
   */
  readonly decoding?: boolean;
  /** Called with the number of pictures that were dropped so far whenever it grew: the machine is slower than the model's rate. */
  readonly onDropped?: (dropped: number) => void;
}

/** A gap of more seconds than that, such as of a tab that was hidden, is left out; in a file it would be a still picture. */
const longestGap = 1;

/**
 * `samplePictures` for what comes as it happens, from a camera or a video that plays. Pictures are taken when they come. Where the model is
 * slower than its own rate, the oldest of those that wait are dropped, so that it never falls behind by more than `backlog`, or the
 * showings of one picture. What it sees then seems faster than it is, and a page should say so.
 *
 * With `release`, a picture is valid until `read` has returned.
 *
 * @yields what `read` makes of `pictures`, some several times.
 * @throws as `samplePictures` does, but for gaps: after more than a second, ticks go on with what comes then. @throws what `pictures` and
 * `read` throw.
 */
export async function* sampleLive<P extends Timed, Q = P>(
  pictures: AsyncIterable<P>,
  framesPerSecond: number,
  options: LiveOptions<P, Q> = {},
): AsyncGenerator<Q, void, undefined> {
  checkOptions('sampleLive', options, ['read', 'release', 'backlog', 'decoding', 'onDropped']);
  const { backlog = 2, decoding = false, release } = options;
  checkedSize('backlog', backlog);
  const ticks = new Ticks(framesPerSecond, longestGap, 'cut');
  const queue = new LiveQueue<P, Q>(ticks, { ...options, backlog });
  const source = pictures[Symbol.asyncIterator]();
  let isOver = false;
  let failure: { readonly reason: unknown } | undefined;
  let wake = () => {};
  /** How many seconds of the video there must be by now, as it went on while the model computed. */
  let due = 0;
  const more = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const pump = async () => {
    for (let step = await source.next(); !step.done; step = await source.next()) {
      if (isOver) release?.(step.value);
      else queue.take(step.value);
      wake();
    }
    queue.end();
  };
  const pumped = pump()
    .catch((reason: unknown) => {
      failure = { reason };
    })
    .finally(() => {
      isOver = true;
      wake();
    });
  try {
    for (;;) {
      const shown = queue.next();
      if (shown !== undefined) {
        const [start, from] = [performance.now(), Math.max(due, ticks.seconds)];
        yield shown.picture;
        due = from + (performance.now() - start) / 1000;
        // While a model computes, nothing comes: what came is taken before what waits is shown.
        await new Promise((resolve) => setTimeout(resolve, 0));
        while (decoding && !isOver && due - ticks.seconds > backlog / framesPerSecond) {
          const before = ticks.seconds;
          await more(1000 / framesPerSecond);
          // Where none comes, that is all there is.
          if (ticks.seconds === before) due = before;
        }
      } else if (isOver) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    await pumped;
    if (failure !== undefined) throw failure.reason;
  } finally {
    isOver = true;
    queue.close();
    // A camera that gives nothing any more answers late or never, and nobody waits for it.
    void source.return?.().catch(() => {});
  }
}

/** The last picture, of which nobody knows for how long it is shown, and those before it that wait. */
class LiveQueue<P extends Timed, Q> {
  readonly #ticks: Ticks;
  readonly #backlog: number;
  readonly #read: (picture: P) => Q;
  readonly #release: ((picture: P) => void) | undefined;
  readonly #waiting: { readonly picture: Q }[] = [];
  readonly #onDropped: ((dropped: number) => void) | undefined;
  #dropped = 0;
  #last: P | undefined;

  constructor(ticks: Ticks, options: LiveOptions<P, Q> & { readonly backlog: number }) {
    this.#ticks = ticks;
    this.#backlog = options.backlog;
    this.#read = options.read ?? ((picture) => picture as unknown as Q);
    this.#release = options.release;
    this.#onDropped = options.onDropped;
  }

  /** A picture comes. */
  take(picture: P): void {
    let done: P | undefined = picture;
    try {
      const count = this.#ticks.take(picture.seconds);
      if (count === undefined) return;
      done = this.#last;
      this.#last = picture;
      if (done !== undefined) this.#show(done, count);
      // A slow camera's picture is due several times, and makes no model late.
      this.#drop(this.#waiting.length - Math.max(this.#backlog, count));
    } finally {
      if (done !== undefined) this.#release?.(done);
    }
  }

  /** No other picture comes. */
  end(): void {
    if (this.#last !== undefined) this.#show(this.#last, this.#ticks.end(this.#last.duration));
    this.close();
  }

  #show(picture: P, count: number): void {
    if (count === 0) return;
    const shown = { picture: this.#read(picture) };
    for (let tick = 0; tick < count; tick++) this.#waiting.push(shown);
  }

  #drop(count: number): void {
    if (count <= 0) return;
    this.#waiting.splice(0, count);
    this.#dropped += count;
    this.#onDropped?.(this.#dropped);
  }

  next(): { readonly picture: Q } | undefined {
    return this.#waiting.shift();
  }

  /** Nobody needs the last one. */
  close(): void {
    if (this.#last !== undefined) this.#release?.(this.#last);
    this.#last = undefined;
  }
}
