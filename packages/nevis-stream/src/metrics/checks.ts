import { described } from '@neverend/backend';

/** @throws TypeError that says what `name` was, unless it is a list. */
export function checkIsList(name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new TypeError(`${name} was ${described(value)}; it must be a list`);
}

/** @throws TypeError that says what `name` was, unless it is an array of this kind. */
export function checkArray(
  name: string,
  value: unknown,
  kind: typeof Int32Array | typeof Float32Array,
): void {
  if (value instanceof kind) return;
  const article = kind === Int32Array ? 'an Int32Array' : 'a Float32Array';
  throw new TypeError(`${name} was ${described(value)}; it must be ${article}`);
}
