import { readGolden } from '@neverend/backend/testing';
import { expect, it } from 'vitest';
import { type Picture, resizePicture } from '../../src/video/index.ts';

const { arrays } = readGolden(new URL('../golden/pictures.json', import.meta.url));
const names = [...new Set(Object.keys(arrays).map((name) => name.split('/')[0] as string))];

function picture(rows: number, columns: number, pixels: ArrayLike<number>): Picture {
  return { seconds: 3, rows, columns, pixels: Uint8Array.from(pixels) };
}

it.each(names)('%s is what Pillow makes of it, rounded', (name) => {
  const source = arrays[`${name}/pixels`];
  const [rows = 0, columns = 0] = source?.shape ?? [];
  for (const crop of ['centre', 'squeeze'] as const) {
    const expected = arrays[`${name}/${crop}`];
    const [wantedRows = 0, wantedColumns = 0] = expected?.shape ?? [];
    const result = resizePicture(picture(rows, columns, source?.data ?? []), {
      imageSize: [wantedRows, wantedColumns],
      crop,
    });
    expect(result).toMatchObject({ seconds: 3, rows: wantedRows, columns: wantedColumns });
    const errors = [...result.pixels].map((value, at) =>
      Math.abs(value - (expected?.data[at] ?? 1e9)),
    );
    // Half of a step between two bytes, and what float32 loses.
    expect(Math.max(...errors)).toBeLessThan(0.502);
  }
});

it('one colour stays, and a picture of the size is not touched', () => {
  const grey = picture(7, 5, Array(105).fill(123));
  const result = resizePicture(grey, { imageSize: [3, 9], crop: 'centre' });
  expect([...result.pixels]).toEqual(Array(81).fill(123));
  expect(resizePicture(grey, { imageSize: [7, 5], crop: 'centre' })).toBe(grey);
});

it('halving takes means of weights 1, 3, 3 and 1, and the edge again beyond it', () => {
  const line = [0, 80, 160, 240].flatMap((value) => [value, value, value]);
  const { pixels } = resizePicture(picture(1, 4, line), { imageSize: [1, 2], crop: 'squeeze' });
  expect([pixels[0], pixels[3]]).toEqual([
    (4 * 0 + 3 * 80 + 160) / 8,
    (80 + 3 * 160 + 4 * 240) / 8,
  ]);
});

it('the middle of a wide picture is cut out, and the one column more is left at the right', () => {
  const line = [10, 20, 30, 40, 50].flatMap((value) => [value, value, value]);
  const cut = resizePicture(picture(1, 5, line), { imageSize: [1, 2], crop: 'centre' });
  expect([...cut.pixels]).toEqual([20, 20, 20, 30, 30, 30]);
});
