import fc from 'fast-check';
import { expect, it } from 'vitest';
import { samplePictures } from '../../src/video/index.ts';

interface Numbered {
  readonly seconds: number;
  readonly duration?: number;
  readonly index: number;
}

async function* at(...times: number[]): AsyncGenerator<Numbered> {
  for (const [index, seconds] of times.entries()) yield { seconds, index };
}

async function indices(
  pictures: AsyncIterable<Numbered>,
  framesPerSecond: number,
  options = {},
): Promise<number[]> {
  const found: number[] = [];
  for await (const { index } of samplePictures(pictures, framesPerSecond, options)) {
    found.push(index);
  }
  return found;
}

it('every second picture is taken of twice the rate, and each one twice of half of it', async () => {
  expect(await indices(at(0, 0.04, 0.08, 0.12, 0.16), 12.5)).toEqual([0, 2, 4]);
  expect(await indices(at(0, 0.08, 0.16), 25)).toEqual([0, 0, 1, 1, 2]);
});

it('a picture that was dropped is replaced by the one before it', async () => {
  expect(await indices(at(0, 0.1, 0.4, 0.5), 10)).toEqual([0, 1, 1, 1, 2, 3]);
});

it('times that a file rounded to thousandths change nothing', async () => {
  const rounded = Array.from({ length: 61 }, (_, index) => Math.round((index * 1000) / 30) / 1000);
  expect(await indices(at(...rounded), 15)).toEqual(
    Array.from({ length: 31 }, (_, tick) => 2 * tick),
  );
});

it('the last picture is shown for as long as the video says', async () => {
  const pictures = (async function* () {
    yield { seconds: 0, index: 0 };
    yield { seconds: 0.2, duration: 0.3, index: 1 };
  })();
  expect(await indices(pictures, 10)).toEqual([0, 0, 1, 1, 1]);
});

it('one picture is one picture, wherever its time is', async () => {
  expect(await indices(at(1e6), 12.5)).toEqual([0]);
  expect(await indices(at(), 12.5)).toEqual([]);
});

it('ticks start where they are told to, with the picture that is shown then', async () => {
  expect(await indices(at(0.9, 1.1, 1.2, 1.3), 10, { from: 1 })).toEqual([0, 1, 2, 3]);
  expect(await indices(at(1.2, 1.3), 10, { from: 1 })).toEqual([0, 0, 0, 1]);
});

it('of pictures at one time the last one counts, and one from before its predecessor does not', async () => {
  expect(await indices(at(0, 0.1, 0.1, 0.2), 10)).toEqual([0, 2, 3]);
  expect(await indices(at(0, 0.1, 0.05, 0.2), 10)).toEqual([0, 1, 3]);
});

it('ticks go on where a video begins anew', async () => {
  expect(await indices(at(10, 10.1, 10.2, 0, 0.1, 0.2), 10)).toEqual([0, 1, 2, 3, 4, 5]);
});

it('a time that is no number, and one that would show a picture for hours, are errors', async () => {
  await expect(indices(at(0, Number.NaN), 10)).rejects.toThrow(
    'picture 2 has the time NaN; it must be a finite number of seconds',
  );
  await expect(indices(at(0, 1e12), 10)).rejects.toThrow(
    'picture 2 comes 1000000000000 s after the one before it; at most 3600 s may lie between two',
  );
  await expect(indices(at(0, 2), 10, { longestGap: 1 })).rejects.toThrow('at most 1 s');
  await expect(indices(at(0, 2), 10, { longestGap: 1, name: 'a.mp4' })).rejects.toThrow(
    'picture 2 of a.mp4 comes 2 s after',
  );
  await expect(indices(at(50), 10, { from: 0, longestGap: 10 })).rejects.toThrow('50 s after');
});

it('an argument that cannot be is named', async () => {
  await expect(indices(at(0), 0)).rejects.toThrow('framesPerSecond was 0; it must be above 0');
  await expect(indices(at(0), Number.NaN)).rejects.toThrow('framesPerSecond was NaN');
  await expect(indices(at(0), 10, { longestGap: 0 })).rejects.toThrow('longestGap was 0');
  await expect(indices(at(0), 10, { from: Number.NaN })).rejects.toThrow('from was NaN');
  await expect(indices(at(0), 10, { form: 1 })).rejects.toThrow('has no option "form"');
});

const steps = fc.array(fc.double({ min: 0.001, max: 0.5, noNaN: true }), { maxLength: 60 });
const rates = fc.double({ min: 1, max: 60, noNaN: true });
const starts = fc.double({ min: -1e5, max: 1e5, noNaN: true });

it('a tick shows the last picture at or before it, but for what comes a tenth of a tick late', async () => {
  await fc.assert(
    fc.asyncProperty(steps, rates, starts, async (gaps, framesPerSecond, start) => {
      const times = [start];
      for (const gap of gaps) times.push((times.at(-1) as number) + gap);
      const shown = await indices(at(...times), framesPerSecond);
      const length = (times.at(-1) as number) - start;
      expect(Math.abs(shown.length - (length * framesPerSecond + 1))).toBeLessThanOrEqual(1.1);
      shown.forEach((index, tick) => {
        const time = start + tick / framesPerSecond;
        const late = 0.1 / framesPerSecond + 1e-9;
        expect(times[index]).toBeLessThanOrEqual(time + late);
        // The next one comes after the tick.
        expect(times[index + 1] ?? Number.POSITIVE_INFINITY).toBeGreaterThan(time - 1e-9);
      });
    }),
  );
});

it('pictures that are left out at random leave the others where they were', async () => {
  const kept = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(kept, async (keep) => {
      const times = keep.flatMap((isKept, index) => (isKept || index === 0 ? [index / 30] : []));
      const shown = await indices(at(...times), 15);
      shown.forEach((index, tick) => {
        const wanted = 2 * tick;
        const last = Math.max(
          ...times.map((time) => Math.round(time * 30)).filter((i) => i <= wanted),
        );
        expect(Math.round((times[index] as number) * 30)).toBe(last);
      });
    }),
  );
});

it('each picture is released once, and not before the next one is asked for, however it ends', async () => {
  const times = fc.array(fc.double({ min: -2, max: 5 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(times, fc.nat({ max: 40 }), rates, async (all, most, framesPerSecond) => {
      const made: Numbered[] = [];
      const released: Numbered[] = [];
      const pictures = (async function* () {
        for (const [index, seconds] of all.entries()) {
          const picture = { seconds, index };
          made.push(picture);
          yield picture;
        }
      })();
      let count = 0;
      const run = async () => {
        const release = (picture: Numbered) => released.push(picture);
        for await (const picture of samplePictures(pictures, framesPerSecond, { release })) {
          expect(released).not.toContain(picture);
          count += 1;
          if (count > most) break;
        }
      };
      await run().catch((error: Error) => expect(error.message).toMatch(/has the time NaN/));
      expect(released.map(({ index }) => index).sort((a, b) => a - b)).toEqual(
        made.map(({ index }) => index),
      );
    }),
  );
});
