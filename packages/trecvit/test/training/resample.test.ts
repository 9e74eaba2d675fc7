import { randomInt, randomKey } from '@neverend/backend';
import { expect, it } from 'vitest';
import { resample } from '../../src/training/resample.ts';
import { resizePicture } from '../../src/video/index.ts';

const noise = (rows: number, columns: number, frames: number) => ({
  ...{ rows, columns, frames },
  pixels: Uint8Array.from(randomInt(randomKey('pixels', rows), frames * rows * columns * 3, 256)),
});
const formatOf = (imageSize: readonly [number, number], range: readonly [number, number]) => ({
  ...{ frames: 2, imageSize },
  input: { framesPerSecond: 12, crop: 'centre', range } as const,
});

it('is a copy in the range of the model where the window has its size', () => {
  const clip = noise(6, 9, 2);
  const into = new Float32Array(5 + 2 * 3 * 4 * 3);
  const view = { top: 2, left: 5, rows: 3, columns: 4, mirrored: false };
  resample(clip, view, formatOf([3, 4], [-1, 1]), into, 5);
  for (let frame = 0; frame < 2; frame++) {
    for (let row = 0; row < 3; row++) {
      for (let value = 0; value < 12; value++) {
        const byte = clip.pixels[((frame * 6 + row + 2) * 9 + 5) * 3 + value] as number;
        expect(into[5 + (frame * 3 + row) * 12 + value]).toBeCloseTo(byte / 127.5 - 1, 6);
      }
    }
  }
  expect(into.subarray(0, 5)).toEqual(new Float32Array(5));
});

it('mirrors left to right, and nothing else', () => {
  const clip = noise(7, 11, 2);
  const [plain, mirrored] = [0, 0].map(() => new Float32Array(2 * 4 * 5 * 3)) as [
    Float32Array,
    Float32Array,
  ];
  const view = { top: 0.3, left: 1.2, rows: 6.1, columns: 8.9, mirrored: false };
  resample(clip, view, formatOf([4, 5], [0, 1]), plain);
  resample(clip, { ...view, mirrored: true }, formatOf([4, 5], [0, 1]), mirrored);
  for (let line = 0; line < 8; line++) {
    for (let column = 0; column < 5; column++) {
      for (let colour = 0; colour < 3; colour++) {
        const at = (line * 5 + column) * 3 + colour;
        const other = (line * 5 + 4 - column) * 3 + colour;
        expect(mirrored[at]).toBeCloseTo(plain[other] as number, 5);
      }
    }
  }
});

it.each([
  [40, 33],
  [5, 6],
])(
  'resizes a whole picture of %i x %i as resizePicture does, but for its rounding',
  (rows, columns) => {
    const clip = noise(rows, columns, 1);
    const format = formatOf([8, 7], [0, 255]);
    const into = new Float32Array(8 * 7 * 3);
    resample(clip, { top: 0, left: 0, rows, columns, mirrored: false }, format, into);
    const fit = { imageSize: [8, 7], crop: 'squeeze' } as const;
    const { pixels } = resizePicture({ ...clip, seconds: 0 }, fit);
    for (const [at, byte] of pixels.entries()) {
      expect(Math.abs((into[at] as number) - byte)).toBeLessThan(0.501);
    }
  },
);

it('keeps a slope a slope in a window between pixels', () => {
  // Red is 4 a column and green 5 a row; linear interpolation between pixels keeps straight lines.
  const clip = {
    ...{ rows: 40, columns: 50, frames: 1 },
    pixels: Uint8Array.from({ length: 40 * 50 * 3 }, (_, at) => {
      const [column, row] = [Math.floor(at / 3) % 50, Math.floor(at / 150)];
      return [4 * column, 5 * row, 0][at % 3] as number;
    }),
  };
  const into = new Float32Array(6 * 8 * 3);
  const view = { top: 7.25, left: 9.5, rows: 3, columns: 5, mirrored: false };
  resample(clip, view, formatOf([6, 8], [0, 255]), into);
  for (let row = 0; row < 6; row++) {
    for (let column = 0; column < 8; column++) {
      const at = (row * 8 + column) * 3;
      expect(into[at]).toBeCloseTo(4 * (9.5 + 0.625 * (column + 0.5) - 0.5), 3);
      expect(into[at + 1]).toBeCloseTo(5 * (7.25 + 0.5 * (row + 0.5) - 0.5), 3);
    }
  }
});
