import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { imageDataUri } from '../../src/report/example-image.ts';

const base64 = (...bytes: number[]) => Buffer.from(bytes).toString('base64');
const decodeUri = (uri: string) =>
  decode(Buffer.from(uri.slice('data:image/png;base64,'.length), 'base64'));

describe('imageDataUri', () => {
  it.each([
    ['grey', 1, [0, 128, 255, 7, 8, 9], [0, 128, 255, 7, 8, 9]],
    ['colour', 3, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18], undefined],
    [
      'two channels with the second twice',
      2,
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      [1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 10, 11, 12, 12],
    ],
    [
      'the first three of four bands',
      4,
      [1, 2, 3, 99, 4, 5, 6, 99, 7, 8, 9, 99, 10, 11, 12, 99, 13, 14, 15, 99, 16, 17, 18, 99],
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
    ],
  ])('shows %s', (_, channels, bytes, shown = bytes) => {
    const image = decodeUri(imageDataUri(base64(...bytes), [2, 3, channels]));
    expect(image).toMatchObject({ width: 3, height: 2, depth: 8 });
    expect([...image.data]).toEqual(shown);
  });

  it('says when the bytes are not an image of this shape', () => {
    expect(() => imageDataUri(base64(1, 2), [2, 2, 1])).toThrow(
      'an example had 2 bytes; it must have 2 x 2 x 1',
    );
  });
});
