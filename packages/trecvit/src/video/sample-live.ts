import { checkedSize, checkOptions } from '@neverend/backend';
import type { SampleOptions, Timed } from './sample-pictures.ts';
import { Ticks } from './ticks.ts';

export interface LiveOptions<P> extends Pick<SampleOptions<P>, 'release'> {
  /** How many pictures may wait for a model that is late. Default: 2. */
  readonly backlog?: number;
  /** Called with the number of pictures that were dropped so far whenever it grew: the machine is slower than the model's rate. */
  readonly onDropped?: (dropped: number) => void;
}

/** A gap of more seconds than that, such as of a tab that was hidden, is left out; in a file it would be a still picture. */
const longestGap = 1;

/**
 * `samplePictures` for what comes as it happens, from a camera or a video that plays. Pictures are taken when they come. Where the model is
 * slower than its own rate, the oldest of those that wait are dropped, so that it never falls behind by more than `backlog`. What it sees
 * then seems faster than it is, and a page should say so.
 *
 * @yields pictures of `pictures`, some several times. With `release`, each is valid until the next one is asked for.
 * @throws as `samplePictures` does, but for gaps: after more than a second, ticks go on with what comes then. @throws what `pictures` throws.
 */
export async function* sampleLive<P extends Timed>(
  pictures: AsyncIterable<P>,
  framesPerSecond: number,
  options: LiveOptions<P> = {},
): AsyncGenerator<P, void, undefined> {
  checkOptions('sampleLive', options, ['release', 'backlog', 'onDropped']);
  const { release, backlog = 2, onDropped } = options;
  checkedSize('backlog', backlog);
  const queue = new LiveQueue<P>(new Ticks(framesPerSecond, longestGap, 'cut'), backlog, release);
  const source = pictures[Symbol.asyncIterator]();
  let isOver = false;
  let failure: { readonly reason: unknown } | undefined;
  let wake = () => {};
  const pump = async () => {
    for (let step = await source.next(); !step.done; step = await source.next()) {
      const before = queue.dropped;
      if (isOver) release?.(step.value);
      else queue.take(step.value);
      if (queue.dropped > before) onDropped?.(queue.dropped);
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
      const picture = queue.next();
      if (picture !== undefined) {
        yield picture;
        queue.done(picture);
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

/** Pictures that wait, and how many places need each. */
class LiveQueue<P extends Timed> {
  dropped = 0;
  readonly #ticks: Ticks;
  readonly #backlog: number;
  readonly #release: ((picture: P) => void) | undefined;
  readonly #users = new Map<P, number>();
  readonly #waiting: P[] = [];
  #last: P | undefined;

  constructor(ticks: Ticks, backlog: number, release: ((picture: P) => void) | undefined) {
    this.#ticks = ticks;
    this.#backlog = backlog;
    this.#release = release;
  }

  /** A picture comes. */
  take(picture: P): void {
    this.#use(picture);
    let count: number | undefined;
    try {
      count = this.#ticks.take(picture.seconds);
    } catch (error) {
      this.done(picture);
      throw error;
    }
    if (count === undefined) {
      this.done(picture);
      return;
    }
    this.#show(this.#last ?? picture, count);
    if (this.#last !== undefined) this.done(this.#last);
    this.#last = picture;
  }

  /** No other picture comes. */
  end(): void {
    if (this.#last !== undefined) this.#show(this.#last, this.#ticks.end(this.#last.duration));
  }

  #show(picture: P, count: number): void {
    for (let tick = 0; tick < count; tick++) {
      this.#use(picture);
      this.#waiting.push(picture);
    }
    while (this.#waiting.length > this.#backlog) {
      this.dropped += 1;
      this.done(this.#waiting.shift() as P);
    }
  }

  next(): P | undefined {
    return this.#waiting.shift();
  }

  #use(picture: P): void {
    this.#users.set(picture, (this.#users.get(picture) ?? 0) + 1);
  }

  /** One place does not need it any more. */
  done(picture: P): void {
    const left = (this.#users.get(picture) ?? 0) - 1;
    if (left > 0) this.#users.set(picture, left);
    else if (this.#users.delete(picture)) this.#release?.(picture);
  }

  /** Nobody needs any of them. */
  close(): void {
    for (const picture of this.#users.keys()) this.#release?.(picture);
    this.#users.clear();
  }
}
