import { type DataType, Tensor } from '@tensorflow/tfjs-core';
import { described } from './described.ts';
import { DTypeError, ShapeError } from './errors.ts';

/** A size, or a letter for "any size above 0"; a leading '...' stands for any number of dimensions. */
export type ShapePattern = readonly (number | string)[];

/**
 * Checks an argument before any kernel sees it.
 *
 * @param name of the argument, for the message.
 * @throws TypeError unless it is a tensor. @throws DTypeError unless `tensor` is of `dtype`. @throws ShapeError unless its shape is like `pattern`.
 */
export function checkTensor(
  name: string,
  tensor: Tensor,
  pattern: ShapePattern,
  dtype: DataType = 'float32',
): void {
  if (!(tensor instanceof Tensor)) {
    throw new TypeError(
      `${name} was ${described(tensor)}; it must be a tensor [${pattern.join(', ')}]`,
    );
  }
  if (tensor.dtype !== dtype) {
    throw new DTypeError(`${name} was ${tensor.dtype}; it must be ${dtype}`);
  }
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
