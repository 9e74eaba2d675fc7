import { expect, it } from 'vitest';
import { clipsOf } from '../../src/cli/clips-of.ts';
import type { Picture } from '../../src/video/picture.ts';

async function* pictures(count: number): AsyncGenerator<Picture> {
  for (let index = 0; index < count; index++) {
    yield { seconds: index, rows: 1, columns: 1, pixels: Uint8Array.of(index, 0, 0) };
  }
}

async function clips(count: number): Promise<{ from: number; pixels: number[] }[]> {
  const found = [];
  for await (const { from, pictures: clip } of clipsOf(pictures(count), 4, 2)) {
    found.push({ from, pixels: clip.map(({ pixels }) => pixels[0] as number) });
  }
  return found;
}

it('cuts a video into clips that follow each other', async () => {
  expect(await clips(8)).toEqual([
    { from: 0, pixels: [0, 1, 2, 3] },
    { from: 2, pixels: [4, 5, 6, 7] },
  ]);
});

it('begins the last one early enough to be whole', async () => {
  expect(await clips(5)).toEqual([
    { from: 0, pixels: [0, 1, 2, 3] },
    { from: 0.5, pixels: [1, 2, 3, 4] },
  ]);
});

it('makes one clip of a short video, and none of nothing', async () => {
  expect(await clips(3)).toEqual([{ from: 0, pixels: [0, 1, 2] }]);
  expect(await clips(0)).toEqual([]);
});
