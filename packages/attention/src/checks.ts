import { DTypeError, ShapeError } from '@neverend/backend';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Params } from './params.ts';

/** A size, or a letter for "any size above 0"; a leading '...' stands for any number of dimensions. */
type ShapePattern = readonly (number | string)[];

/**
 * Checks an argument before any kernel sees it.
 *
 * @throws DTypeError unless `tensor` is float32. @throws ShapeError unless its shape is like `pattern`.
 */
export function checkTensor(name: string, tensor: Tensor, pattern: ShapePattern): void {
  if (tensor.dtype !== 'float32') {
    throw new DTypeError(`${name} was ${tensor.dtype}; it must be float32`);
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

/** The parameter of this name, checked. @throws ShapeError also when there is none. */
export function checkedParam(params: Params, name: string, pattern: ShapePattern): Tensor {
  const tensor = params[name];
  if (tensor === undefined) {
    throw new ShapeError(`params["${name}"] was missing; it must be [${pattern.join(', ')}]`);
  }
  checkTensor(`params["${name}"]`, tensor, pattern);
  return tensor;
}

/** The width of a head. @throws ShapeError unless `heads` is a positive integer that divides `width`. */
export function headWidth(width: number, heads: number): number {
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) {
    throw new ShapeError(
      `heads was ${heads}; it must be a positive divisor of the width, ${width}`,
    );
  }
  return width / heads;
}
