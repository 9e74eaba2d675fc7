import { DTypeError, ShapeError, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { checkedParam, paramLabel, subtree, withPrefix } from '../src/params.ts';

beforeAll(() => useBackend('cpu'));

it('puts prefixes before names and takes them off again, whatever else there is', () => {
  tf.tidy(() => {
    const names = fc.uniqueArray(fc.string(), { maxLength: 6 });
    fc.assert(
      fc.property(names, fc.string({ minLength: 1 }), fc.string(), (some, prefix, other) => {
        const params = Object.fromEntries(some.map((name) => [name, tf.scalar(0)]));
        const more = other.startsWith(prefix) ? {} : { [other]: tf.scalar(1) };
        const below = subtree({ ...withPrefix(params, prefix), ...more }, prefix);
        expect(new Map(Object.entries(below))).toEqual(new Map(Object.entries(params)));
      }),
      { numRuns: 50, seed: 1 },
    );
  });
});

it('names a parameter by all of its path', () => {
  tf.tidy(() => {
    const params = { 'a/b/kernel': tf.zeros([2, 3]), 'a/b/bias': tf.zeros([3], 'int32') };
    const inner = subtree(subtree(params, 'a/'), 'b/');
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

it('makes the subtrees of a frozen tree once, and those of another tree anew, with what was added to it', () => {
  tf.tidy(() => {
    const tree: Record<string, tf.Tensor> = {
      'a/b/kernel': tf.zeros([2, 3]),
      'c/bias': tf.zeros([3]),
    };
    expect(subtree(tree, 'a/')).toEqual({ 'b/kernel': tree['a/b/kernel'] });
    tree['a/d'] = tf.zeros([1]);
    expect(Object.keys(subtree(tree, 'a/'))).toEqual(['b/kernel', 'd']);
    const frozen = Object.freeze({ ...tree });
    const below = subtree(subtree(frozen, 'a/'), 'b/');
    expect(subtree(subtree(frozen, 'a/'), 'b/')).toBe(below);
    expect(below).toEqual({ kernel: tree['a/b/kernel'] });
    expect(paramLabel(below, 'kernel')).toBe('params["a/b/kernel"]');
    expect(subtree(frozen, 'c/')).toEqual({ bias: tree['c/bias'] });
  });
});

it('refuses parameters that are no object', () => {
  expect(() => checkedParam(undefined as never, 'kernel', ['D'])).toThrow(
    new TypeError('params was undefined; it must be an object of tensors by names'),
  );
});
