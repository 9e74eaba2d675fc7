import { expect, it } from 'vitest';
import { checkFlag, checkOneOf } from '../src/index.ts';

it('tells a text from a flag', () => {
  expect(() => checkFlag('causal', false)).not.toThrow();
  for (const [value, was] of [
    ['false', '"false"'],
    [0, '0'],
    [null, 'null'],
    [{}, 'an object'],
  ] as const) {
    expect(() => checkFlag('causal', value as never)).toThrow(
      new TypeError(`causal was ${was}; it must be true or false`),
    );
  }
});

it('names what is none of the words, whatever it is', () => {
  expect(() => checkOneOf('kind', 'a', ['a', 'b'])).not.toThrow();
  for (const [value, was] of [
    ['c', '"c"'],
    [2n, '2n'],
    [undefined, 'undefined'],
  ] as const) {
    expect(() => checkOneOf('kind', value as string, ['a', 'b'])).toThrow(
      new RangeError(`kind was ${was}; it must be "a" or "b"`),
    );
  }
});
