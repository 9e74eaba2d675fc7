import { type DataType, Tensor, Variable } from '@tensorflow/tfjs-core';
import { described, isLive } from './described.ts';
import { DTypeError, ShapeError } from './errors.ts';

/** A size, or a letter for "any size above 0"; a leading '...' stands for any number of dimensions. */
export type ShapePattern = readonly (number | string)[];

/**
 * Checks an argument before any kernel sees it.
 *
 * @param name of the argument, for the message.
 * @throws TypeError unless it is a tensor that was not disposed. @throws DTypeError unless `tensor` is of `dtype`. @throws ShapeError unless its shape is like `pattern`.
 */
export function checkTensor(
  name: string,
  tensor: Tensor,
  pattern: ShapePattern,
  dtype: DataType = 'float32',
): void {
  checkTensorOf(name, tensor, [dtype], pattern);
  const open = pattern[0] === '...';
  const sizes = open ? pattern.slice(1) : pattern;
  const last = open ? tensor.shape.slice(Math.max(0, tensor.rank - sizes.length)) : tensor.shape;
  const fits =
    last.length === sizes.length &&
    tensor.size > 0 &&
    sizes.every((size, axis) => typeof size === 'string' || size === last[axis]);
  if (!fits) {
    const empty = tensor.size === 0 ? ' and not be empty' : '';
    throw new ShapeError(
      `${name} was [${tensor.shape.join(', ')}]; it must be [${pattern.join(', ')}]${empty}`,
    );
  }
}

/**
 * The same for any shape.
 *
 * @param dtypes any where none is given. @param pattern of the shape that is checked elsewhere, for the message.
 * @throws TypeError unless it is a tensor that was not disposed. @throws DTypeError unless it is of one of `dtypes`.
 */
export function checkTensorOf(
  name: string,
  tensor: Tensor,
  dtypes: readonly DataType[] = [],
  pattern?: ShapePattern,
): void {
  if (!(tensor instanceof Tensor && isLive(tensor))) {
    throw new TypeError(`${name} was ${described(tensor)}; it must be a tensor${shown(pattern)}`);
  }
  if (dtypes.length > 0 && !dtypes.includes(tensor.dtype)) {
    throw new DTypeError(`${name} was ${tensor.dtype}; it must be ${dtypes.join(' or ')}`);
  }
}

/** What is to be written into. @throws TypeError unless it is a variable that was not disposed, and what `checkTensor` throws. */
export function checkVariable(name: string, variable: Variable, pattern?: ShapePattern): void {
  if (!(variable instanceof Variable && isLive(variable))) {
    throw new TypeError(
      `${name} was ${described(variable)}; it must be a variable${shown(pattern)}`,
    );
  }
  if (pattern !== undefined) checkTensor(name, variable, pattern);
}

const shown = (pattern: ShapePattern | undefined): string =>
  pattern === undefined ? '' : ` [${pattern.join(', ')}]`;
