import {
  checkObject,
  checkTensor,
  described,
  ShapeError,
  type ShapePattern,
} from '@neverend/backend';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Tensors by slash names, as a checkpoint names them. Names beyond those read are left alone. */
export type Params = Readonly<Record<string, Tensor>>;

/** What `subtree` took off the names, for messages. */
const prefixes = new WeakMap<object, string>();

/** The subtrees of trees that cannot change any more. */
const known = new WeakMap<object, Map<string, object>>();

/**
 * The entries of a tree below `prefix`, with the prefix taken off. Those of a frozen tree are frozen and made once: a model asks for dozens
 * of subtrees of some hundred names at each frame.
 *
 * @throws TypeError unless `tree` is an object and `prefix` a string.
 */
export function subtree<T>(
  tree: Readonly<Record<string, T>>,
  prefix: string,
): Readonly<Record<string, T>> {
  const found = known.get(tree)?.get(prefix);
  if (found !== undefined) return found as Readonly<Record<string, T>>;
  checkObject('tree', tree, 'of values by names');
  checkText('prefix', prefix);
  const below: Record<string, T> = {};
  for (const name of Object.keys(tree)) {
    if (name.startsWith(prefix)) below[name.slice(prefix.length)] = tree[name] as T;
  }
  prefixes.set(below, `${prefixes.get(tree) ?? ''}${prefix}`);
  if (Object.isFrozen(tree)) {
    const others = known.get(tree) ?? new Map<string, object>();
    known.set(tree, others.set(prefix, Object.freeze(below)));
  }
  return below;
}

/** The entries of a tree with `prefix` put before each name. @throws TypeError unless `tree` is an object and `prefix` a string. */
export function withPrefix<T>(
  tree: Readonly<Record<string, T>>,
  prefix: string,
): Record<string, T> {
  checkObject('tree', tree, 'of values by names');
  checkText('prefix', prefix);
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]) => [`${prefix}${name}`, value]),
  );
}

/** @throws TypeError unless parameters are an object. */
export function checkParams(params: Params): void {
  checkObject('params', params, 'of tensors by names');
}

/** @throws TypeError naming what is no string. */
export function checkText(name: string, text: string): void {
  if (typeof text !== 'string') {
    throw new TypeError(`${name} was ${described(text)}; it must be a string`);
  }
}

/** How a message names a parameter: with all that `subtree` took off. */
export function paramLabel(params: Params, name: string): string {
  return `params["${prefixes.get(params) ?? ''}${name}"]`;
}

/** The parameter of this name, checked. @throws ShapeError | DTypeError naming it, also when there is none. */
export function checkedParam(params: Params, name: string, pattern: ShapePattern): Tensor {
  checkParams(params);
  const tensor = params[name];
  const label = paramLabel(params, name);
  if (tensor === undefined) {
    throw new ShapeError(`${label} was missing; it must be [${pattern.join(', ')}]`);
  }
  checkTensor(label, tensor, pattern);
  return tensor;
}

/** `kernel` `[D, E]` and `bias` `[E]` below a prefix, checked. @param outputWidth E; any where it is left out. */
export function linearParams(
  params: Params,
  name: string,
  inputWidth: number,
  outputWidth?: number,
): { readonly kernel: Tensor; readonly bias: Tensor } {
  const kernel = checkedParam(params, `${name}/kernel`, [inputWidth, outputWidth ?? 'E']);
  return { kernel, bias: checkedParam(params, `${name}/bias`, [kernel.shape[1] ?? 1]) };
}
