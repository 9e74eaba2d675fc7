import { createReadStream } from 'node:fs';
import { readGolden } from '@neverend/backend/testing';
import { describe, expect } from 'vitest';
import { decodeVideo, videoInfo } from '../../src/node/index.ts';
import { type Picture, resizePicture, samplePictures } from '../../src/video/index.ts';
import { type ClipName, clipPath, itWithClips } from '../clips.ts';

const { arrays } = readGolden(new URL('../golden/videos.json', import.meta.url));
const fit = { imageSize: [16, 16], crop: 'centre' } as const;
const square = 32;
/** Of 255 steps. The decoder's library resizes before it cuts off what is whiter than white, where the others do so afterwards. */
const tolerance = { largest: 8, mean: 0.6 };

async function collect<T>(pictures: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const picture of pictures) all.push(picture);
  return all;
}

/** The mean colours of the squares of a picture. */
function means({ rows, columns, pixels }: Picture): number[] {
  const [down, across] = [Math.floor(rows / square), Math.floor(columns / square)];
  const sums = new Float64Array(down * across * 3);
  for (let row = 0; row < down * square; row++) {
    for (let column = 0; column < across * square; column++) {
      const place = Math.floor(row / square) * across + Math.floor(column / square);
      for (let colour = 0; colour < 3; colour++) {
        const value = pixels[(row * columns + column) * 3 + colour] as number;
        sums[place * 3 + colour] = (sums[place * 3 + colour] as number) + value / square ** 2;
      }
    }
  }
  return [...sums];
}

function largest(a: ArrayLike<number>, b: ArrayLike<number> | undefined): number {
  expect(a.length).toBe(b?.length);
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - (b?.[at] ?? Number.NaN))));
}

function expectAlike(a: ArrayLike<number>, b: ArrayLike<number> | undefined): void {
  expect(largest(a, b)).toBeLessThan(tolerance.largest);
  const sum = Array.from(a, (value, at) => Math.abs(value - (b?.[at] ?? Number.NaN)));
  expect(sum.reduce((total, error) => total + error, 0) / a.length).toBeLessThan(tolerance.mean);
}

const names: readonly ClipName[] = ['vtest.avi', 'tree.avi', 'box.mp4', 'cup.mp4'];

describe.each(names)('%s', (name) => {
  const times = arrays[`${name}/seconds`]?.data ?? [];
  const checked = [0, Math.floor(times.length / 3), times.length - 1];

  itWithClips('has the pictures of another build of FFmpeg, at their times', async () => {
    const pictures = await collect(decodeVideo(clipPath(name), { fit }));
    expect(pictures.length).toBe(times.length);
    const seconds = pictures.map((picture) => picture.seconds);
    // In box.mp4 they are those of the order of decoding, and go back.
    if (name === 'box.mp4') expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
    else expect(largest(seconds, times)).toBeLessThan(1e-5);
    for (const index of checked) {
      const { rows, columns, pixels } = pictures[index] as Picture;
      expect([rows, columns]).toEqual(fit.imageSize);
      expectAlike(pixels, arrays[`${name}/${index}/centre`]?.data);
    }
  });

  itWithClips('has their colours, and one at a time is found by its time', async () => {
    const all = await collect(decodeVideo(clipPath(name), { fit }));
    for (const index of checked) {
      const from = all[index]?.seconds as number;
      for await (const picture of decodeVideo(clipPath(name), { from })) {
        expect(picture.seconds).toBeCloseTo(from, 6);
        expect(largest(means(picture), arrays[`${name}/${index}/means`]?.data)).toBeLessThan(1);
        // Resized here it is what the decoder's library makes of it.
        const own = resizePicture(picture, fit).pixels;
        expectAlike(own, arrays[`${name}/${index}/centre`]?.data);
        expectAlike(own, all[index]?.pixels);
        break;
      }
    }
  });
});

itWithClips.each(['tree.avi', 'box.mp4', 'cup.mp4'] as const)(
  '%s at a steady rate is what sampling all of its pictures gives',
  async (name) => {
    const framesPerSecond = 12.5;
    const expected = await collect(
      samplePictures(decodeVideo(clipPath(name), { fit }), framesPerSecond),
    );
    const pictures = await collect(decodeVideo(clipPath(name), { fit, framesPerSecond }));
    expect(pictures).toEqual(expected);
    const times = arrays[`${name}/seconds`]?.data ?? [];
    const length = (times.at(-1) as number) - (times[0] as number);
    expect(Math.abs(pictures.length - length * framesPerSecond)).toBeLessThan(3);
  },
);

itWithClips('a stream of bytes gives what the file gives', async () => {
  for (const name of ['tree.avi', 'cup.mp4'] as const) {
    const expected = await collect(decodeVideo(clipPath(name), { fit }));
    // Pieces of odd lengths.
    const bytes = createReadStream(clipPath(name), { highWaterMark: 4093 });
    expect(await collect(decodeVideo(bytes, { fit }))).toEqual(expected);
  }
});

itWithClips('a clip says what it is', async () => {
  expect(await videoInfo(clipPath('vtest.avi'))).toEqual({
    seconds: 79.5,
    framesPerSecond: 10,
    rows: 576,
    columns: 768,
    rotation: 0,
    codec: 'msmpeg4v3',
  });
  expect(await videoInfo(clipPath('cup.mp4'))).toMatchObject({
    framesPerSecond: 26.777,
    rows: 480,
    columns: 640,
    codec: 'h264',
  });
});

itWithClips('a picture without a time comes after the one before it', async () => {
  // The last one of this file has none, and those of others go back.
  const pictures = await collect(decodeVideo(clipPath('Megamind.avi'), { fit }));
  expect(pictures.length).toBe(270);
  const steps = pictures.slice(1).map(({ seconds }, i) => seconds - (pictures[i]?.seconds ?? 0));
  expect(Math.min(...steps)).toBeGreaterThan(0.04);
  expect(Math.max(...steps)).toBeLessThan(0.1);
});
