import { randomKey } from '@neverend/backend';
import type { Clip, ClipSource } from '@neverend/trecvit/training';
import { expect, it } from 'vitest';
import { DisorderedClips } from '../../src/motions/shipped/disordered-clips.ts';

/** Frames of one pixel, as bright as the video's number. */
const source: ClipSource = {
  classNames: ['a', 'b'],
  labels: Array.from({ length: 40 }, (_, video) => video % 2),
  fingerprint: 'numbers',
  clip: async (video, { frames }): Promise<Clip> => ({
    ...{ frames, rows: 1, columns: 1 },
    pixels: new Uint8Array(3 * frames).fill(video),
  }),
};

it('has frames of other videos, or noise, in clips of each class alike', async () => {
  const clips = new DisorderedClips(randomKey(1), source);
  const request = { frames: 12, framesPerSecond: 8, place: 0 };
  expect(clips.labels).toEqual(source.labels);
  for (const [video, isNoise] of [
    [0, false],
    [1, false],
    [2, true],
    [3, true],
    [4, false],
  ] as const) {
    const { frames, pixels } = await clips.clip(video, request);
    expect(frames).toBe(12);
    expect(await clips.clip(video, request)).toMatchObject({ pixels });
    const brightness = Array.from({ length: 12 }, (_, frame) =>
      pixels.slice(3 * frame, 3 * frame + 3),
    );
    const isGrey = brightness.every(([red, green, blue]) => red === green && green === blue);
    expect(isGrey, `video ${video}`).toBe(!isNoise);
    expect(new Set(brightness.map(String)).size).toBeGreaterThan(6);
  }
});
