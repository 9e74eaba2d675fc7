import { randomKey } from '@neverend/backend';
import type { Clip } from '@neverend/trecvit/training';
import { type MotionName, motionNames } from '@neverend/trecvit-motions';
import { expect, it } from 'vitest';
import { ChosenMotions } from '../../src/motions/clips/chosen-motions.ts';
import { MotionClips } from '../../src/motions/clips/motion-clips.ts';
import { difficultyAt } from '../../src/motions/setup.ts';
import { materialsOf, photographsAreHere } from './materials.ts';

const request = { frames: 6, framesPerSecond: 8, place: 0.4, shortSide: 48 };

it.runIf(photographsAreHere)('makes the same clip from the same request alone', async () => {
  const materials = await materialsOf('held-out');
  const source = (seed: number) =>
    new MotionClips(randomKey(seed), 16, materials, difficultyAt(0.5));
  const { pixels, ...shape } = await source(1).clip(11, request);
  expect(shape).toEqual({ frames: 6, rows: 48, columns: 48 });
  expect((await source(1).clip(11, request)).pixels).toEqual(pixels);
  for (const [other, video, changes] of [
    [source(1), 3, {}],
    [source(2), 11, {}],
    [source(1), 11, { place: 0.5 }],
  ] as const) {
    expect((await other.clip(video, { ...request, ...changes })).pixels).not.toEqual(pixels);
  }
});

it.runIf(photographsAreHere)('has neither a photograph nor a digit in both splits', async () => {
  const [training, heldOut] = [await materialsOf('training'), await materialsOf('held-out')];
  const photographs = ({ photographs }: typeof training) =>
    photographs.map(([finest]) => Buffer.from(finest?.data.slice(0, 3000) ?? []).toString('hex'));
  const all = [...photographs(training), ...photographs(heldOut)];
  expect(new Set(all).size).toBe(all.length);
  const digits = ({ digits }: typeof training) =>
    Array.from({ length: digits.length / 784 }, (_, at) =>
      Buffer.from(digits.subarray(784 * at, 784 * (at + 1))).toString('latin1'),
    );
  const known = new Set(digits(training));
  expect(digits(heldOut).filter((digit) => known.has(digit))).toEqual([]);
  expect([training.photographs.length, heldOut.photographs.length]).toEqual([26, 10]);
});

/** How the picture moved from the first frame to the last, in pixels: where a frame's middle is most alike to the other, by plain search. */
function shift({ frames, rows, columns, pixels }: Clip): { right: number; down: number } {
  const size = rows * columns * 3;
  const [reach, edge] = [10, 12];
  let best = { right: 0, down: 0, difference: Number.POSITIVE_INFINITY };
  for (let down = -reach; down <= reach; down++) {
    for (let right = -reach; right <= reach; right++) {
      let difference = 0;
      for (let row = edge; row < rows - edge; row++) {
        for (let column = edge; column < columns - edge; column++) {
          const before = 3 * (row * columns + column) + 1;
          const after = (frames - 1) * size + 3 * ((row + down) * columns + column + right) + 1;
          difference += Math.abs((pixels[before] as number) - (pixels[after] as number));
        }
      }
      if (difference < best.difference) best = { right, down, difference };
    }
  }
  return best;
}

it.runIf(photographsAreHere)('moves whole pictures as the labels say', async () => {
  const plain = { ...difficultyAt(0), cuts: false, wholePicture: 1, seconds: [2, 2] as const };
  const clips = new MotionClips(randomKey(5), 400, await materialsOf('held-out'), plain);
  const expected: Partial<Record<MotionName, readonly [axis: 'right' | 'down', sign: number]>> = {
    left: ['right', -1],
    right: ['right', 1],
    up: ['down', -1],
    down: ['down', 1],
  };
  const right: Record<string, number> = {};
  const count = 20;
  for (const [label, motion] of motionNames.entries()) {
    for (let index = 0; index < count; index++) {
      const found = shift(await clips.clip(label + 8 * index, { ...request, frames: 4 }));
      const wanted = expected[motion];
      const isRight =
        wanted === undefined
          ? Math.hypot(found.right, found.down) < 4
          : found[wanted[0]] * wanted[1] >= 4;
      right[motion] = (right[motion] ?? 0) + (isRight ? 1 : 0);
    }
  }
  // Where a picture has stripes or nothing at all, a search for the shift errs.
  for (const motion of ['left', 'right', 'up', 'down', 'still']) {
    expect(right[motion], motion).toBeGreaterThanOrEqual(0.8 * count);
  }
});

/** How many times larger the last frame's middle is than the first one's, by plain search over sizes and shifts. */
function growth({ frames, rows, columns, pixels }: Clip): number {
  const size = rows * columns * 3;
  const value = (frame: number, row: number, column: number) =>
    pixels[frame * size + 3 * (Math.round(row) * columns + Math.round(column)) + 1] as number;
  const [reach, middle] = [10, [(rows - 1) / 2, (columns - 1) / 2] as const];
  let best = { factor: 1, difference: Number.POSITIVE_INFINITY };
  for (const factor of [0.65, 0.72, 0.8, 0.9, 1, 1.11, 1.25, 1.39, 1.54]) {
    for (let down = -5; down <= 5; down++) {
      for (let right = -5; right <= 5; right++) {
        let difference = 0;
        for (let row = -reach; row <= reach; row++) {
          for (let column = -reach; column <= reach; column++) {
            const before = value(0, middle[0] + row, middle[1] + column);
            const [i, j] = [middle[0] + factor * row + down, middle[1] + factor * column + right];
            difference += Math.abs(before - value(frames - 1, i, j));
          }
        }
        if (difference < best.difference) best = { factor, difference };
      }
    }
  }
  return best.factor;
}

it.runIf(photographsAreHere)('comes nearer and goes further as the labels say', async () => {
  const plain = {
    ...{ ...difficultyAt(0), cuts: false, wholePicture: 1, seconds: [2, 2] as const },
    centred: true,
  };
  const clips = new MotionClips(randomKey(6), 800, await materialsOf('held-out'), plain);
  const count = 20;
  for (const motion of ['nearer', 'further'] as const) {
    let right = 0;
    for (let index = 0; index < count; index++) {
      const video = motionNames.indexOf(motion) + motionNames.length * index;
      const factor = growth(await clips.clip(video, { ...request, frames: 8, place: 0.5 }));
      if (motion === 'nearer' ? factor > 1.1 : factor < 0.9) right++;
    }
    expect(right, motion).toBeGreaterThanOrEqual(0.65 * count);
  }
});

it.runIf(photographsAreHere)('shows the frame before again where one is lost', async () => {
  const losing = { ...difficultyAt(0.5), dropped: 1 };
  const clips = new MotionClips(randomKey(7), 16, await materialsOf('held-out'), losing);
  let [same, all] = [0, 0];
  for (let video = 0; video < 16; video++) {
    const { frames, pixels } = await clips.clip(video, { ...request, frames: 12 });
    const size = pixels.length / frames;
    for (let frame = 1; frame < frames; frame++) {
      const [before, now] = [frame - 1, frame].map((at) =>
        pixels.subarray(at * size, (at + 1) * size),
      );
      all++;
      if (Buffer.from(before ?? []).equals(Buffer.from(now ?? []))) same++;
    }
  }
  // The share of each clip is uniform in [0, 1); noise makes all other frames differ.
  expect(same / all).toBeGreaterThan(0.3);
  expect(same / all).toBeLessThan(0.7);
});

it.runIf(photographsAreHere)('takes the videos of some motions alone', async () => {
  const all = new MotionClips(randomKey(8), 24, await materialsOf('held-out'), difficultyAt(0.2));
  const chosen = new ChosenMotions(all, ['nearer', 'still']);
  expect(chosen.labels).toEqual([4, 7, 4, 7, 4, 7]);
  expect((await chosen.clip(3, request)).pixels).toEqual((await all.clip(15, request)).pixels);
  expect(chosen.fingerprint).not.toBe(all.fingerprint);
});
