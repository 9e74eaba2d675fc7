import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readClip, videoInfo } from '../../src/node/index.ts';
import { encodeImage, encodeVideo } from './encode-video.ts';

const [columns, rows] = [48, 32];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neverend-clip-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file whose picture k is a grey of `10 + 5 k`, at `times` in thousandths of a second. */
async function greys(name: string, times: readonly number[], encoder = 'png'): Promise<string> {
  const path = join(folder, name);
  const pictures = times.map((at, index) => ({
    at,
    bytes: new Uint8Array(columns * rows * 3).fill(10 + 5 * index),
  }));
  await encodeVideo(path, pictures, { columns, rows, encoder, pixelFormat: 'rgb24' });
  return path;
}

/** Which pictures a clip has. */
function picturesOf({ pixels, frames }: { pixels: Uint8Array; frames: number }): number[] {
  const size = pixels.length / frames;
  return Array.from({ length: frames }, (_, frame) => ((pixels[frame * size] as number) - 10) / 5);
}

const every40 = Array.from({ length: 40 }, (_, index) => 40 * index);

it('lies where it is asked to, at the rate that is asked for', async () => {
  const path = await greys('steady.mkv', every40);
  const settings = { frames: 4, framesPerSecond: 12.5 };
  expect(picturesOf(await readClip(path, settings))).toEqual([0, 2, 4, 6]);
  expect(picturesOf(await readClip(path, { ...settings, from: 0.4 }))).toEqual([10, 12, 14, 16]);
  // 1.6 seconds, of which the clip has 0.32.
  expect(picturesOf(await readClip(path, { ...settings, place: 1 }))).toEqual([32, 34, 36, 38]);
  expect(picturesOf(await readClip(path, { ...settings, place: 0.5 }))).toEqual([16, 18, 20, 22]);
});

it('has the same speed where pictures were dropped', async () => {
  const path = await greys('dropped.mkv', [0, 40, 80, 240, 280, 320]);
  const clip = await readClip(path, { frames: 5, framesPerSecond: 12.5 });
  expect(picturesOf(clip)).toEqual([0, 2, 2, 3, 5]);
});

it('of a video that is shorter ends with its last picture again and again', async () => {
  const path = await greys('short.mkv', [0, 40, 80]);
  const clip = await readClip(path, { frames: 6, framesPerSecond: 25, place: 1 });
  expect(picturesOf(clip)).toEqual([0, 1, 2, 2, 2, 2]);
});

it('is made smaller until its shorter side is as asked for, and never larger', async () => {
  const path = await greys('size.mkv', every40);
  const settings = { frames: 1, framesPerSecond: 25 };
  expect(await readClip(path, { ...settings, shortSide: 16 })).toMatchObject({
    rows: 16,
    columns: 24,
  });
  expect(await readClip(path, { ...settings, shortSide: 64 })).toMatchObject({ rows, columns });
});

it('of a folder of images has them in the order in which a person counts', async () => {
  const images = join(folder, 'images');
  await mkdir(images);
  for (const index of [0, 1, 2, 9, 10, 11]) {
    const bytes = new Uint8Array(columns * rows * 3).fill(10 + 5 * index);
    await encodeImage(join(images, `frame${index}.png`), bytes, { columns, rows });
  }
  await writeFile(join(images, 'notes.txt'), 'no image');
  const settings = { frames: 3, framesPerSecond: 5, imagesPerSecond: 10 };
  expect(picturesOf(await readClip(images, settings))).toEqual([0, 2, 10]);
  expect(picturesOf(await readClip(images, { ...settings, from: 0.1 }))).toEqual([1, 9, 11]);
  expect(await videoInfo(images, { imagesPerSecond: 10 })).toEqual({
    seconds: 0.6,
    framesPerSecond: 10,
    rows,
    columns,
    rotation: 0,
    codec: 'images',
  });
});
