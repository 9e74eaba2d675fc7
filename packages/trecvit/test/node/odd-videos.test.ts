import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeVideo, videoInfo } from '../../src/node/index.ts';
import type { Picture } from '../../src/video/index.ts';
import { type EncodeOptions, encodeImage, encodeVideo } from './encode-video.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neverend-odd-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function collect(path: string, options = {}): Promise<Picture[]> {
  const all: Picture[] = [];
  for await (const picture of decodeVideo(path, options)) all.push(picture);
  return all;
}

type Colour = readonly [red: number, green: number, blue: number];

/** Four rectangles: red and blue above, green and white below. */
function corners(columns: number, rows: number): Uint8Array {
  const colours = [
    [250, 0, 0],
    [0, 0, 250],
    [0, 250, 0],
    [250, 250, 250],
  ] as const;
  const bytes = new Uint8Array(columns * rows * 3);
  for (let pixel = 0; pixel < columns * rows; pixel++) {
    const below = Math.floor(pixel / columns) >= rows / 2;
    const right = pixel % columns >= columns / 2;
    bytes.set(colours[(below ? 2 : 0) + (right ? 1 : 0)] as Colour, pixel * 3);
  }
  return bytes;
}

/** The names of the colours in the middle of each quarter, line by line. */
function seen({ rows, columns, pixels }: Picture): string {
  return [0.25, 0.75]
    .flatMap((down) => [0.25, 0.75].map((across) => [down, across] as const))
    .map(([down, across]) => {
      const at = (Math.floor(down * rows) * columns + Math.floor(across * columns)) * 3;
      const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3);
      const high = (value: number) => (value > 200 ? '1' : '0');
      const names: Record<string, string> = { '100': 'red', '001': 'blue', '010': 'green' };
      return names[high(red) + high(green) + high(blue)] ?? 'white';
    })
    .join(' ');
}

const lossless: EncodeOptions = {
  columns: 64,
  rows: 32,
  encoder: 'libx264rgb',
  pixelFormat: 'rgb24',
  options: { qp: '0' },
};

describe('a picture that is to be turned', () => {
  const turned = [
    ['not', [1, 0, 0, 1], 'red blue green white', [32, 64]],
    ['by 90 degrees', [0, 1, -1, 0], 'green red white blue', [64, 32]],
    ['by 180 degrees', [-1, 0, 0, -1], 'white green blue red', [32, 64]],
    ['by 270 degrees', [0, -1, 1, 0], 'blue white red green', [64, 32]],
    ['as in a mirror', [-1, 0, 0, 1], 'blue red white green', [32, 64]],
    ['upside down', [1, 0, 0, -1], 'green white red blue', [32, 64]],
  ] as const;

  it.each(turned)('%s comes upright', async (name, matrix, expected, [rows, columns]) => {
    const path = join(folder, `${name}.mp4`);
    await encodeVideo(path, [{ at: 0, bytes: corners(64, 32) }], { ...lossless, matrix });
    const [picture] = await collect(path);
    expect(picture).toMatchObject({ rows, columns });
    expect(seen(picture as Picture)).toBe(expected);
    const [fitted] = await collect(path, { fit: { imageSize: [16, 16], crop: 'squeeze' } });
    expect(seen(fitted as Picture)).toBe(expected);
    expect(await videoInfo(path)).toMatchObject({ rows, columns });
  });

  it('by another angle is an error that says so', async () => {
    const path = join(folder, 'slanted.mp4');
    const settings = { ...lossless, matrix: [0.7, 0.7, -0.7, 0.7] } as const;
    await encodeVideo(path, [{ at: 0, bytes: corners(64, 32) }], settings);
    await expect(collect(path)).rejects.toThrow(/slanted.mp4 is turned by an angle that is no/);
  });

  it('is turned by what a photograph says', async () => {
    const path = join(folder, 'photograph.jpg');
    await encodeImage(path, new Uint8Array(64 * 32 * 3).fill(128), {
      columns: 64,
      rows: 32,
      encoder: 'mjpeg',
      pixelFormat: 'yuvj444p',
    });
    const bytes = await readFile(path);
    // EXIF with one entry, the orientation: turn by 90 degrees.
    const exif = Buffer.from(
      'ffe1002245786966000049492a00080000000100120103000100000006000000000000000000',
      'hex',
    );
    exif.writeUInt16BE(exif.length - 2, 2);
    await writeFile(path, Buffer.concat([bytes.subarray(0, 2), exif, bytes.subarray(2)]));
    expect((await collect(path))[0]).toMatchObject({ rows: 64, columns: 32 });
  });
});

it.each(['mp4', 'mkv'])('pixels of a %s that are not square become so', async (extension) => {
  const path = join(folder, `aspect.${extension}`);
  // In an mkv it is the file that says so, and not the codec.
  const codec = extension === 'mp4' ? {} : { encoder: 'png', options: {} };
  const settings = { ...lossless, ...codec, aspect: [3, 2] } as const;
  await encodeVideo(path, [{ at: 0, bytes: corners(64, 32) }], settings);
  const [picture] = await collect(path);
  expect(picture).toMatchObject({ rows: 32, columns: 96 });
  expect(seen(picture as Picture)).toBe('red blue green white');
  expect(await videoInfo(path)).toMatchObject({ rows: 32, columns: 96 });
  // Of 96 columns the middle 32, where red meets blue.
  const [cut] = await collect(path, { fit: { imageSize: [32, 32], crop: 'centre' } });
  expect(seen(cut as Picture)).toBe('red blue green white');
});

const times = [0, 33, 100, 133, 500, 1900];

describe.each([
  ['mp4', 'libx264'],
  ['webm', 'libvpx-vp9'],
  ['webm', 'libvpx'],
  ['mkv', 'libx265'],
  ['mov', 'mpeg4'],
  ['avi', 'mpeg4'],
  ['mp4', 'libsvtav1'],
])('%s by %s', (extension, encoder) => {
  it('of a rate that varies keeps its times, and its last picture as long as it is shown', async () => {
    const path = join(folder, `${encoder}.${extension}`);
    const pictures = times.map((at) => ({ at, bytes: new Uint8Array(64 * 96).fill(128) }));
    const options = encoder === 'libx264' ? { bf: '0' } : {};
    await encodeVideo(path, pictures, { columns: 64, rows: 64, encoder, options, lasting: 100 });
    const found = await collect(path);
    expect(found.map(({ seconds }) => Math.round(seconds * 1000))).toEqual(times);
    const steady = await collect(path, { framesPerSecond: 10 });
    // At 0, 0.1, ... 1.9 seconds.
    expect(steady.length).toBe(20);
    expect(steady[4]?.seconds).toBeCloseTo(0.133, 3);
    expect(steady[5]?.seconds).toBeCloseTo(0.5, 3);
  });
});

it.each([
  [1, 1],
  [3, 5],
  [17, 9],
  [2, 100],
  [333, 1],
])('%i x %i pixels come as they are, and of any size', async (columns, rows) => {
  const path = join(folder, `${columns}x${rows}.avi`);
  const bytes = new Uint8Array(columns * rows * 3).fill(77);
  const settings = { columns, rows, encoder: 'png', pixelFormat: 'rgb24' };
  await encodeVideo(path, [{ at: 0, bytes }], settings);
  const [picture] = await collect(path);
  expect(picture).toMatchObject({ rows, columns });
  expect([...(picture?.pixels ?? [])]).toEqual([...bytes]);
  for (const crop of ['centre', 'squeeze']) {
    const [fitted] = await collect(path, { fit: { imageSize: [16, 12], crop } });
    expect([...(fitted?.pixels ?? [])]).toEqual(Array(16 * 12 * 3).fill(77));
  }
});

it('a picture that would become enormous when it is resized is an error that says so', async () => {
  const path = join(folder, 'line.avi');
  const settings = { columns: 8192, rows: 1, encoder: 'png', pixelFormat: 'rgb24' };
  await encodeVideo(path, [{ at: 0, bytes: new Uint8Array(8192 * 3) }], settings);
  await expect(collect(path, { fit: { imageSize: [224, 224], crop: 'centre' } })).rejects.toThrow(
    /line.avi has pictures of 1 x 8192 pixels, which would be 224 x 1835008 when resized/,
  );
});

it.each([
  ['gray', 'ffv1', 200, 200],
  // Video has 16 for black and 235 for white.
  ['gray', 'libx264', 200, Math.round(((200 - 16) * 255) / 219)],
])('grey as %s by %s is grey', async (pixelFormat, encoder, value, expected) => {
  const path = join(folder, `grey-${encoder}.mkv`);
  const bytes = new Uint8Array(64 * 64).fill(value);
  const options = encoder === 'libx264' ? { qp: '0' } : {};
  await encodeVideo(path, [{ at: 0, bytes }], {
    columns: 64,
    rows: 64,
    encoder,
    pixelFormat,
    options,
  });
  const [picture] = await collect(path);
  for (const level of new Set(picture?.pixels)) expect(Math.abs(level - expected)).toBeLessThan(2);
});

describe('black is behind', () => {
  it.each(['libvpx-vp9', 'libvpx'])('what a webm by %s leaves transparent', async (encoder) => {
    const path = join(folder, `alpha-${encoder}.webm`);
    const alpha = Array.from({ length: 64 * 64 }, (_, pixel) => (pixel % 64 < 32 ? 255 : 64));
    const bytes = Uint8Array.from([...Array(4096).fill(180), ...Array(2048).fill(128), ...alpha]);
    const settings = { columns: 64, rows: 64, encoder, pixelFormat: 'yuva420p' };
    const options = encoder === 'libvpx' ? { 'auto-alt-ref': '0' } : {};
    await encodeVideo(path, [{ at: 0, bytes }], { ...settings, options });
    const [picture] = await collect(path);
    const white = ((180 - 16) * 255) / 219;
    const level = (column: number) => picture?.pixels[(32 * 64 + column) * 3] as number;
    expect(Math.abs(level(10) - white)).toBeLessThan(4);
    expect(Math.abs(level(54) - (white * 64) / 255)).toBeLessThan(4);
  });

  it('what an image leaves transparent', async () => {
    const path = join(folder, 'alpha.png');
    const bytes = Uint8Array.from([
      200, 100, 50, 255, 200, 100, 50, 51, 200, 100, 50, 0, 0, 0, 0, 255,
    ]);
    await encodeImage(path, bytes, { columns: 2, rows: 2, pixelFormat: 'rgba' });
    const [picture] = await collect(path);
    const expected = [200, 100, 50, 40, 20, 10, 0, 0, 0, 0, 0, 0];
    const errors = expected.map((value, at) => Math.abs(value - (picture?.pixels[at] ?? 999)));
    expect(Math.max(...errors)).toBeLessThanOrEqual(1);
  });
});
