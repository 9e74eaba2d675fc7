import { describeBackends, expectNoLeak } from '@neverend/backend/testing';
import { expect, it } from 'vitest';
import { type Picture, picturesToTensor } from '../../src/video/index.ts';

const input = { crop: 'centre', range: [-1, 1] } as const;

function picture(rows: number, columns: number, pixels: readonly number[]): Picture {
  return { seconds: 0, rows, columns, pixels: Uint8Array.from(pixels) };
}

await describeBackends('pictures as a tensor', () => {
  it('are in the range of the model, in the order of time, rows, columns and colours', async () => {
    await expectNoLeak(async () => {
      const first = picture(1, 2, [0, 51, 102, 153, 204, 255]);
      const second = picture(1, 2, [255, 0, 0, 0, 0, 255]);
      const tensor = picturesToTensor([first, second], { imageSize: [1, 2] }, input);
      expect(tensor.shape).toEqual([1, 2, 1, 2, 3]);
      expect(tensor.dtype).toBe('float32');
      const levels = [...first.pixels, ...second.pixels].map((value) => (2 * value) / 255 - 1);
      expect([...(await tensor.data())]).toEqual(levels.map(Math.fround));
      tensor.dispose();
    });
  });
});

it('a picture that is not of the size is resized', async () => {
  const grey = picture(4, 6, Array(72).fill(51));
  const tensor = picturesToTensor(
    [grey],
    { imageSize: [2, 2] },
    { crop: 'squeeze', range: [0, 1] },
  );
  const expected = Array(12).fill(Math.fround(0.2));
  expect([...(await tensor.data())]).toEqual(expected);
  tensor.dispose();
});

it('nothing, and a picture with other bytes than its size says, are refused', () => {
  expect(() => picturesToTensor([], { imageSize: [2, 2] }, input)).toThrow(
    'the number of pictures was 0; it must be a positive integer',
  );
  expect(() => picturesToTensor([picture(2, 2, [1])], { imageSize: [2, 2] }, input)).toThrow(
    'pictures[0].pixels had 1 bytes; [2, 2, 3] has 12',
  );
});
