/**
 * What functions with parameters share: parameters by slash names, and sizes.
 *
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkTensor, type ShapePattern } from './check-tensor.ts';
import { ShapeError } from './errors.ts';

/** Tensors by slash names, as a checkpoint names them. Names beyond those read are left alone. */
export type Params = Readonly<Record<string, Tensor>>;

/** What `paramsBelow` took off the names, for messages. */
const prefixes = new WeakMap<Params, string>();

/** The part of `params` below `prefix`, with the prefix taken off. */
export function paramsBelow(params: Params, prefix: string): Params {
  const below = Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
  prefixes.set(below, `${prefixes.get(params) ?? ''}${prefix}`);
  return below;
}

/** `params` with `prefix` put before each name. */
export function paramsAbove(params: Params, prefix: string): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [`${prefix}${name}`, tensor]),
  );
}

/** How a message names a parameter: with all that `paramsBelow` took off. */
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

/** A size or a number of things. @throws ShapeError naming it unless it is an integer from `least` on. */
export function checkedSize(name: string, size: number | undefined, least = 1): number {
  if (size === undefined || !Number.isSafeInteger(size) || size < least) {
    const wanted = least === 1 ? 'a positive integer' : `an integer >= ${least}`;
    throw new ShapeError(`${name} was ${size ?? 'not given'}; it must be ${wanted}`);
  }
  return size;
}

/** Sizes by their names. @throws ShapeError naming the first that is no positive integer. */
export function checkSizes(sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) checkedSize(name, size);
}

/** @throws RangeError naming the number unless it is finite and at least `least`. */
export function checkNumber(
  name: string,
  value: number,
  least: number = Number.NEGATIVE_INFINITY,
): void {
  if (!(Number.isFinite(value) && value >= least)) {
    const wanted = least === Number.NEGATIVE_INFINITY ? '' : ` >= ${least}`;
    throw new RangeError(`${name} was ${value}; it must be a finite number${wanted}`);
  }
}

/**
 * What every function and class with options calls first: a misspelt option would be ignored without a word.
 *
 * @param owner whose options they are, for the message. @param known the names of all its options.
 * @throws TypeError naming every option that is not among them.
 */
export function checkOptions<T extends object>(
  owner: string,
  options: T,
  known: readonly (keyof T & string)[],
): void {
  const unknown = Object.keys(options).filter((name) => !known.some((other) => other === name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => `"${name}"`).join(', ');
    const choice = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
    throw new TypeError(`${owner} has no option ${names}; ${choice}`);
  }
}
