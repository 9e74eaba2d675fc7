import { readGolden } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import { rotateImages } from '../../src/data/rotate-image.ts';

const { meta, arrays } = readGolden(new URL('../golden/rotations.json', import.meta.url));
const { angles, sides } = meta as { angles: number[]; sides: number[] };

describe.each(sides)('images of side %i', (side) => {
  const size = side * side;
  const images = Uint8Array.from(arrays[`images/${side}`]?.data ?? []);
  const expected = arrays[`rotated/${side}`]?.data ?? [];

  it.each([...angles.entries()])('have scipy’s bytes at angle number %i: %i°', (at, angle) => {
    for (const image of [0, 1]) {
      const source = images.subarray(image * size, (image + 1) * size);
      const start = (image * angles.length + at) * size;
      expect([...rotateImages(source, side, [angle])]).toEqual(expected.slice(start, start + size));
    }
  });

  it('turn each by its own angle', () => {
    const turned = rotateImages(images, side, [30, 137]);
    const alone = [30, 137].flatMap((angle, image) => [
      ...rotateImages(images.subarray(image * size, (image + 1) * size), side, [angle]),
    ]);
    expect([...turned]).toEqual(alone);
  });
});
