import { checkTensor, ShapeError, type ShapePattern } from '@neverend/backend';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Params } from './params.ts';

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
