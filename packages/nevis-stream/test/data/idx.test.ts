import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/data/data-error.ts';
import { decodeIdx } from '../../src/data/idx.ts';

const matrix = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255];
const read = (bytes: number[]) => decodeIdx(Uint8Array.from(bytes), 'digits');

it('reads shape and values, also from the middle of a buffer', () => {
  const file = Uint8Array.from([9, 9, ...matrix]).subarray(2);
  const { shape, data } = decodeIdx(file, 'digits');
  expect(shape).toEqual([2, 3]);
  expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
});

it('reads an array without values', () => {
  expect([...read([0, 0, 8, 1, 0, 0, 0, 0]).data]).toEqual([]);
});

describe.each([
  [
    'another magic number',
    [1, ...matrix.slice(1)],
    'digits is not an idx file of bytes: it starts with 0x01000802',
  ],
  ['another type of values', [0, 0, 13, ...matrix.slice(3)], 'digits is not an idx file of bytes'],
  ['nothing', [], 'digits is not an idx file of bytes'],
  ['rank 0', [0, 0, 8, 0], 'digits ends within its header: it has 4 bytes and rank 0'],
  ['a header cut short', matrix.slice(0, 9), 'digits ends within its header'],
  [
    'a value less',
    matrix.slice(0, -1),
    'digits holds 5 values, and its header declares [2, 3], which are 6',
  ],
  ['a value more', [...matrix, 7], 'digits holds 7 values'],
  [
    'a size beyond 2^31',
    [0, 0, 8, 1, 255, 255, 255, 255, 1],
    'digits holds 1 values, and its header declares [4294967295]',
  ],
])('a file with %s', (_, bytes, message) => {
  it('is refused with one sentence', () => {
    expect(() => read(bytes)).toThrow(DataError);
    expect(() => read(bytes)).toThrow(message);
  });
});
