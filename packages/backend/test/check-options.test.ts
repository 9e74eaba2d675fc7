import { expect, it } from 'vitest';
import { checkFlag, checkOneOf, checkOptions } from '../src/index.ts';

it('refuses every option that is not known, whatever its value', () => {
  const options: { readonly size?: number; readonly bias?: boolean } = { size: 1 };
  expect(() => checkOptions('linear', options, ['size', 'bias'])).not.toThrow();
  const misspelt: typeof options = Object.assign({ Size: 1, biases: undefined }, options);
  expect(() => checkOptions('linear', misspelt, ['size', 'bias'])).toThrow(
    new TypeError('linear has no option "Size", "biases"; it takes size, bias'),
  );
  expect(() => checkOptions('nothing', { size: 1 }, [])).toThrow(
    new TypeError('nothing has no option "size"; it takes none'),
  );
});

it('refuses what is neither true nor false', () => {
  for (const value of [true, false]) expect(() => checkFlag('bias', value)).not.toThrow();
  for (const [value, was] of [
    [0, '0'],
    ['true', '"true"'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'an object'],
  ]) {
    expect(() => checkFlag('bias', value as never)).toThrow(
      new TypeError(`bias was ${was}; it must be true or false`),
    );
  }
});

it('refuses another word than those that there are', () => {
  expect(() => checkOneOf('norm', 'batch', ['none', 'batch'])).not.toThrow();
  for (const [value, was] of [
    ['rms', '"rms"'],
    [1, '1'],
    [2n, '2n'],
    [undefined, 'undefined'],
  ]) {
    expect(() => checkOneOf('norm', value as never, ['none', 'batch'])).toThrow(
      new RangeError(`norm was ${was}; it must be "none" or "batch"`),
    );
  }
});

it.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [['size'], 'a list'],
  ['size', '"size"'],
])('refuses options that are no object: %o', (options, was) => {
  expect(() => checkOptions('linear', options as never, [])).toThrow(
    new TypeError(`the options of linear were ${was}; they must be an object`),
  );
});
