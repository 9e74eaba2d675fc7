import { expect, it } from 'vitest';
import { checkList, ShapeError } from '../src/index.ts';

it('names what is no list, or empty', () => {
  expect(() => checkList('sizes', [0], 'sizes')).not.toThrow();
  expect(() => checkList('sizes', [], 'the size of each set')).toThrow(
    new ShapeError('sizes was empty; it must have the size of each set'),
  );
  expect(() => checkList('sizes', '55' as never, 'sizes')).toThrow(
    new TypeError('sizes was "55"; it must be a list of sizes'),
  );
  expect(() => checkList('sizes', undefined as never, 'sizes')).toThrow(TypeError);
});
