import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { checkTensor, checkTensorOf, checkVariable, DTypeError, ShapeError } from '../src/index.ts';

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

it('names a tensor that was disposed', () => {
  const gone = tf.ones([1, 1]);
  gone.dispose();
  const [variable, swept] = [tf.variable(tf.ones([1, 1])), tf.variable(tf.ones([1, 1]))];
  variable.dispose();
  // Disposes variables without marking them.
  tf.disposeVariables();
  for (const tensor of [gone, variable, swept]) {
    expect(() => checkTensor('x', tensor, ['T', 'D'])).toThrow(
      new TypeError('x was a disposed tensor; it must be a tensor [T, D]'),
    );
    expect(() => checkTensorOf('x', tensor)).toThrow(
      new TypeError('x was a disposed tensor; it must be a tensor'),
    );
  }
});

it('takes any shape, and some types, where only those count', () => {
  expect(() => checkTensorOf('x', tf.ones([0]))).not.toThrow();
  expect(() => checkTensorOf('x', tf.ones([1], 'bool'), ['bool', 'float32'])).not.toThrow();
  expect(() => checkTensorOf('x', tf.ones([1], 'int32'), ['bool', 'float32'])).toThrow(
    new DTypeError('x was int32; it must be bool or float32'),
  );
});

it('names what is no variable, where one is written into', () => {
  const table = tf.variable(tf.ones([2, 3]));
  expect(() => checkVariable('table', table, ['N', 3])).not.toThrow();
  expect(() => checkVariable('table', table, ['N', 4])).toThrow(
    new ShapeError('table was [2, 3]; it must be [N, 4]'),
  );
  expect(() => checkVariable('table', tf.ones([2, 3]) as tf.Variable, ['N', 3])).toThrow(
    new TypeError('table was a tensor; it must be a variable [N, 3]'),
  );
  table.dispose();
  expect(() => checkVariable('table', table, ['N', 3])).toThrow(
    new TypeError('table was a disposed tensor; it must be a variable [N, 3]'),
  );
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
