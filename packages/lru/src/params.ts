import { checkTensor, ShapeError, type ShapePattern } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';

/** Tensors by slash names, as the checkpoints of RecurrentGemma name them. Names beyond those read are left alone. */
export type Params = Readonly<Record<string, tf.Tensor>>;

/** The part of `params` below `prefix`, with the prefix taken off. */
export function paramsBelow(params: Params, prefix: string): Params {
  return Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

/** `params` with `prefix` put before each name. */
export function paramsAbove(params: Params, prefix: string): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [`${prefix}${name}`, tensor]),
  );
}

/** The parameter of this name, checked. @throws ShapeError also when there is none. */
export function checkedParam(params: Params, name: string, pattern: ShapePattern): tf.Tensor {
  const tensor = params[name];
  if (tensor === undefined) {
    throw new ShapeError(`params["${name}"] was missing; it must be [${pattern.join(', ')}]`);
  }
  checkTensor(`params["${name}"]`, tensor, pattern);
  return tensor;
}
