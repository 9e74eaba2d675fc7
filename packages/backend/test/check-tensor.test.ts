import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { checkTensor, DTypeError, ShapeError } from '../src/index.ts';

it.each<[unknown, string]>([
  [undefined, 'x was undefined; it must be a tensor [T, D]'],
  [null, 'x was null; it must be a tensor [T, D]'],
  [[tf.ones([1, 1])], 'x was a list; it must be a tensor [T, D]'],
  [{ shape: [1, 1] }, 'x was an object; it must be a tensor [T, D]'],
  [() => 1, 'x was a function; it must be a tensor [T, D]'],
  ['x', 'x was "x"; it must be a tensor [T, D]'],
  [3, 'x was 3; it must be a tensor [T, D]'],
])('names what is no tensor: %o', (value, message) => {
  expect(() => checkTensor('x', value as tf.Tensor, ['T', 'D'])).toThrow(new TypeError(message));
});

it('names a tensor of another shape or type, or without numbers', () => {
  expect(() => checkTensor('x', tf.ones([2, 3]), ['T', 3])).not.toThrow();
  expect(() => checkTensor('x', tf.ones([2, 3]), ['T', 4])).toThrow(
    new ShapeError('x was [2, 3]; it must be [T, 4]'),
  );
  expect(() => checkTensor('x', tf.ones([0, 3]), ['T', 3])).toThrow(
    new ShapeError('x was [0, 3]; it must be [T, 3] and not be empty'),
  );
  expect(() => checkTensor('x', tf.ones([2, 3], 'int32'), ['T', 3])).toThrow(
    new DTypeError('x was int32; it must be float32'),
  );
});
