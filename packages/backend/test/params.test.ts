import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { DTypeError, ShapeError, useBackend } from '../src/index.ts';
import {
  checkedParam,
  checkedSize,
  checkNumber,
  checkOptions,
  checkSizes,
  paramLabel,
  paramsAbove,
  paramsBelow,
} from '../src/params.ts';

beforeAll(() => useBackend('cpu'));

it('puts prefixes before names and takes them off again, whatever else there is', () => {
  tf.tidy(() => {
    const names = fc.uniqueArray(fc.string(), { maxLength: 6 });
    fc.assert(
      fc.property(names, fc.string({ minLength: 1 }), fc.string(), (some, prefix, other) => {
        const params = Object.fromEntries(some.map((name) => [name, tf.scalar(0)]));
        const more = other.startsWith(prefix) ? {} : { [other]: tf.scalar(1) };
        const below = paramsBelow({ ...paramsAbove(params, prefix), ...more }, prefix);
        expect(new Map(Object.entries(below))).toEqual(new Map(Object.entries(params)));
      }),
      { numRuns: 50, seed: 1 },
    );
  });
});

it('names a parameter by all of its path', () => {
  tf.tidy(() => {
    const params = { 'a/b/kernel': tf.zeros([2, 3]), 'a/b/bias': tf.zeros([3], 'int32') };
    const inner = paramsBelow(paramsBelow(params, 'a/'), 'b/');
    expect(checkedParam(inner, 'kernel', ['D', 3])).toBe(params['a/b/kernel']);
    expect(paramLabel(inner, 'kernel')).toBe('params["a/b/kernel"]');
    expect(paramLabel(params, 'kernel')).toBe('params["kernel"]');
    expect(() => checkedParam(inner, 'kernel', [2, 4])).toThrow(
      new ShapeError('params["a/b/kernel"] was [2, 3]; it must be [2, 4]'),
    );
    expect(() => checkedParam(inner, 'bias', [3])).toThrow(
      new DTypeError('params["a/b/bias"] was int32; it must be float32'),
    );
    expect(() => checkedParam(inner, 'scale', ['D'])).toThrow(
      new ShapeError('params["a/b/scale"] was missing; it must be [D]'),
    );
  });
});

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
