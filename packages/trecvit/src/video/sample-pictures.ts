import { checkOptions } from '@neverend/backend';
import { Ticks } from './ticks.ts';

/** What can be sampled: anything with a time. */
export interface Timed {
  /** Since the video began. */
  readonly seconds: number;
  /** For how many seconds it is shown. Only that of the last picture counts. */
  readonly duration?: number;
}

export interface SampleOptions<P> {
  /** The time of the first tick. Default: that of the first picture. */
  readonly from?: number;
  /** The most seconds between two pictures: a broken time would otherwise show one picture for years. Default: 3600. */
  readonly longestGap?: number;
  /** What messages call the video, such as the path of its file. */
  readonly name?: string;
  /** Called once for each picture as soon as nobody needs it, such as to close a `VideoFrame`. */
  readonly release?: (picture: P) => void;
}

/**
 * A video at a steady rate, whatever rates it has: for tick k, at `k / framesPerSecond` seconds, the last picture at or before it. A picture
 * that the camera dropped is replaced by the one before it, so that nothing seems to move faster.
 *
 * A picture up to a tenth of the time between two ticks late counts as in time. One from before its predecessor is left out. Where time
 * jumps back by more than a second, as in a video that is played in a loop, ticks go on with what comes then.
 *
 * @yields pictures of `pictures`, some several times. With `release`, each is valid until the next one is asked for.
 * @throws RangeError | TypeError naming an argument. @throws VideoError for a time that is not finite and for a gap beyond `longestGap`.
 */
export async function* samplePictures<P extends Timed>(
  pictures: AsyncIterable<P>,
  framesPerSecond: number,
  options: SampleOptions<P> = {},
): AsyncGenerator<P, void, undefined> {
  checkOptions('samplePictures', options, ['from', 'longestGap', 'name', 'release']);
  const { from, longestGap = 3600, name, release } = options;
  const ticks = new Ticks(framesPerSecond, longestGap, 'error', from, name);
  const held: P[] = [];
  try {
    for await (const picture of pictures) {
      held.push(picture);
      const count = ticks.take(picture.seconds);
      const [shown = picture] = held;
      for (let tick = 0; tick < (count ?? 0); tick++) yield shown;
      const done = count === undefined ? held.pop() : held.length > 1 ? held.shift() : undefined;
      if (done !== undefined) release?.(done);
    }
    const [last] = held;
    const count = last === undefined ? 0 : ticks.end(last.duration);
    for (let tick = 0; tick < count; tick++) yield last as P;
  } finally {
    for (const picture of held.splice(0)) release?.(picture);
  }
}
