import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sampleLive } from '../../src/video/index.ts';

interface Frame {
  readonly seconds: number;
  readonly index: number;
}

/** A source that gives frames when it is told to. */
class Source {
  readonly made: Frame[] = [];
  readonly released: number[] = [];
  #waiting: Frame[] = [];
  #isOver = false;
  #wake = () => {};

  give(...times: readonly number[]): void {
    for (const seconds of times) {
      const frame = { seconds, index: this.made.length };
      this.made.push(frame);
      this.#waiting.push(frame);
    }
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *frames(): AsyncGenerator<Frame, void, undefined> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame !== undefined) yield frame;
      else if (this.#isOver) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  readonly release = ({ index }: Frame): void => {
    expect(this.released).not.toContain(index);
    this.released.push(index);
  };
}

/** Until all that can happen has happened. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

it('a model that keeps up sees what sampling a file gives, and nothing is dropped', async () => {
  const source = new Source();
  const drops: number[] = [];
  const { release } = source;
  const onDropped = (count: number) => drops.push(count);
  const pictures = sampleLive(source.frames(), 10, { release, onDropped });
  const seen: number[] = [];
  const reading = (async () => {
    for await (const { index } of pictures) seen.push(index);
  })();
  for (const seconds of [0, 0.05, 0.1, 0.15, 0.2, 0.4]) {
    source.give(seconds);
    await settle();
  }
  source.end();
  await reading;
  expect(seen).toEqual([0, 2, 4, 4, 5]);
  expect(drops).toEqual([]);
  expect(source.released.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
});

it('a model that is late sees the latest, and how many it missed is said', async () => {
  const source = new Source();
  const drops: number[] = [];
  const onDropped = (count: number) => drops.push(count);
  const pictures = sampleLive(source.frames(), 10, { backlog: 2, onDropped });
  const first = pictures.next();
  source.give(0, 0.1);
  expect((await first).value?.index).toBe(0);
  // The model is busy while ten more come.
  for (let tick = 2; tick <= 11; tick++) source.give(tick / 10);
  await settle();
  expect((await pictures.next()).value?.index).toBe(9);
  expect((await pictures.next()).value?.index).toBe(10);
  expect(drops.at(-1)).toBe(8);
  await pictures.return();
});

it('a model that is late catches up with a decoder, which gives one picture after the other', async () => {
  const decoded = (async function* () {
    for (let index = 0; index < 100; index++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      yield { seconds: index / 200, index };
    }
  })();
  let [shown, dropped] = [0, 0];
  const onDropped = (count: number) => {
    dropped = count;
  };
  for await (const _ of sampleLive(decoded, 200, { decoding: true, onDropped })) {
    shown++;
    const end = performance.now() + 20;
    while (performance.now() < end);
  }
  expect(shown + dropped).toBe(100);
  // Four come while it computes. With more than two waiting at the end, it would have shown more than a quarter.
  expect(shown).toBeLessThanOrEqual(30);
});

it('a picture of a slow camera is shown as often as it is due, and the next one is not behind it', async () => {
  const source = new Source();
  const drops: number[] = [];
  const onDropped = (count: number) => drops.push(count);
  const pictures = sampleLive(source.frames(), 10, { backlog: 2, onDropped });
  const next = async () => (await pictures.next()).value?.index;
  source.give(0, 0.5);
  expect([await next(), await next(), await next(), await next(), await next()]).toEqual(
    Array(5).fill(0),
  );
  expect(drops).toEqual([]);
  // A model that is slow too: the next picture comes when it has shown one of five.
  source.give(1);
  expect(await next()).toBe(1);
  source.give(1.5);
  await settle();
  expect([await next(), await next()]).toEqual([2, 2]);
  expect(drops.at(-1)).toBe(4);
  await pictures.return();
});

it('a gap is not filled with a still picture, and time may begin anew', async () => {
  const source = new Source();
  source.give(5, 5.1, 65, 65.1, 0, 0.1);
  source.end();
  const seen: number[] = [];
  for await (const { index } of sampleLive(source.frames(), 10, { backlog: 100 })) seen.push(index);
  expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
});

it('a picture is read once if it is shown, and released before the model has seen it', async () => {
  const source = new Source();
  const read: number[] = [];
  const pictures = sampleLive(source.frames(), 10, {
    release: source.release,
    read: ({ index }) => {
      expect(source.released).not.toContain(index);
      read.push(index);
      return 10 * index;
    },
  });
  source.give(0, 0.05, 0.1, 0.4);
  expect((await pictures.next()).value).toBe(0);
  await settle();
  // The last is held until another one tells for how long it was shown.
  expect(source.released).toEqual([0, 1, 2]);
  source.end();
  const rest: number[] = [];
  for await (const picture of pictures) rest.push(picture);
  expect(rest).toEqual([20, 20, 20, 30]);
  expect(read).toEqual([0, 2, 3]);
  expect(source.released).toEqual([0, 1, 2, 3]);
});

it('left while it waits for a frame, ends at once, and lets go of what comes later', async () => {
  const source = new Source();
  const pictures = sampleLive(source.frames(), 10, { release: source.release });
  source.give(0, 0.1, 0.2);
  await pictures.next();
  await settle();
  await pictures.return();
  expect(source.released.toSorted()).toEqual([0, 1, 2]);
  source.give(0.3);
  await settle();
  expect(source.released).toContain(3);
});

it('what the source throws comes after what it gave', async () => {
  const failing = (async function* () {
    yield { seconds: 0, index: 0 };
    yield { seconds: 0.1, index: 1 };
    throw new Error('unplugged');
  })();
  const seen: number[] = [];
  const run = async () => {
    for await (const { index } of sampleLive(failing, 10)) seen.push(index);
  };
  await expect(run()).rejects.toThrow('unplugged');
  expect(seen).toEqual([0]);
  const next = (options: object) => sampleLive(failing, 10, options).next();
  await expect(next({ backlog: 0 })).rejects.toThrow('backlog was 0');
  await expect(next({ longestGap: 1 })).rejects.toThrow('has no option "longestGap"');
});

it('at any speed of the model frames come in order, and each is released once', async () => {
  const step = fc.record({
    wait: fc.constantFrom(0.01, 0.05, 0.2, 3, -2),
    takes: fc.nat({ max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 20 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, backlog) => {
        const source = new Source();
        let dropped = 0;
        const pictures = sampleLive(source.frames(), 10, {
          backlog,
          release: source.release,
          onDropped: (count) => {
            expect(count).toBeGreaterThan(dropped);
            dropped = count;
          },
        });
        let [time, last, taken] = [0, -1, 0];
        const take = async () => {
          const { value } = await pictures.next();
          if (value === undefined) return false;
          expect(value.index).toBeGreaterThanOrEqual(last);
          last = value.index;
          taken += 1;
          return true;
        };
        source.give(time, time + 0.1, time + 0.2);
        time += 0.2;
        for (const { wait, takes } of steps) {
          time += wait;
          source.give(time, time + 0.1);
          time += 0.1;
          await settle();
          // Two of them always lie there, or a tick was just shown.
          if (takes > 0) await take();
        }
        source.end();
        while (await take()) {
          // All of them.
        }
        expect(source.released.toSorted((a, b) => a - b)).toEqual(
          source.made.map(({ index }) => index),
        );
        expect(taken).toBeGreaterThan(0);
      },
    ),
    { numRuns: 50 },
  );
});
