import { expect, it } from 'vitest';
import { checkedSize, checkNumber, checkSizes, ShapeError } from '../src/index.ts';

it('takes sizes and numbers in their ranges, and names what is outside', () => {
  expect(checkedSize('width', 3)).toBe(3);
  expect(checkedSize('prefix', 0, 0)).toBe(0);
  for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => checkSizes({ heads: 2, width: size })).toThrow(
      new ShapeError(`width was ${size}; it must be a positive integer`),
    );
  }
  expect(() => checkedSize('width', undefined)).toThrow(
    new ShapeError('width was not given; it must be a positive integer'),
  );
  for (const [wrong, met] of [
    ['2', '"2"'],
    [2n, '2n'],
    [[2], 'a list'],
  ]) {
    expect(() => checkedSize('width', wrong as never)).toThrow(
      new ShapeError(`width was ${met}; it must be a positive integer`),
    );
    expect(() => checkNumber('scale', wrong as never)).toThrow(
      new RangeError(`scale was ${met}; it must be a finite number`),
    );
  }
  expect(() => checkedSize('taps', 1, 2)).toThrow(
    new ShapeError('taps was 1; it must be an integer >= 2'),
  );
  checkNumber('scale', -3);
  checkNumber('eps', 0, 0);
  expect(() => checkNumber('scale', Number.NaN)).toThrow(
    new RangeError('scale was NaN; it must be a finite number'),
  );
  expect(() => checkNumber('eps', -1, 0)).toThrow(
    new RangeError('eps was -1; it must be a finite number >= 0'),
  );
});
