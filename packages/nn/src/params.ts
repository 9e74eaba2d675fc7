import { checkTensor, ShapeError, type ShapePattern } from '@neverend/backend';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Tensors by slash names, as a checkpoint names them. Names beyond those read are left alone. */
export type Params = Readonly<Record<string, Tensor>>;

/** What `subtree` took off the names, for messages. */
const prefixes = new WeakMap<Params, string>();

/** The part of `params` below `prefix`, with the prefix taken off. */
export function subtree(params: Params, prefix: string): Params {
  const below = Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
  prefixes.set(below, `${prefixes.get(params) ?? ''}${prefix}`);
  return below;
}

/** `params` with `prefix` put before each name. */
export function withPrefix(params: Params, prefix: string): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [`${prefix}${name}`, tensor]),
  );
}

/** How a message names a parameter: with all that `subtree` took off. */
export function paramLabel(params: Params, name: string): string {
  return `params["${prefixes.get(params) ?? ''}${name}"]`;
}

/** The parameter of this name, checked. @throws ShapeError | DTypeError naming it, also when there is none. */
export function checkedParam(params: Params, name: string, pattern: ShapePattern): Tensor {
  const tensor = params[name];
  const label = paramLabel(params, name);
  if (tensor === undefined) {
    throw new ShapeError(`${label} was missing; it must be [${pattern.join(', ')}]`);
  }
  checkTensor(label, tensor, pattern);
  return tensor;
}
