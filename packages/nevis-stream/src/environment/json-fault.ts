import { described } from '@neverend/backend';

/**
 * The first part of a value that JSON does not hold, in words such as `settings.rate was NaN`: written down, it would be another value, or none.
 *
 * @param name what has the value. @returns undefined where all of it is JSON.
 */
export function jsonFault(
  name: string,
  value: unknown,
  around: readonly object[] = [],
): string | undefined {
  if (value === null || ['string', 'boolean'].includes(typeof value)) return undefined;
  if (Number.isFinite(value)) return undefined;
  if (typeof value !== 'object') return `${name} was ${described(value)}`;
  if (around.includes(value)) return `${name} was a part of itself`;
  const isList = Array.isArray(value);
  if (!isList && !isPlain(value))
    return `${name} was an object of ${value.constructor?.name || 'a class'}`;
  for (const [key, part] of isList ? value.entries() : Object.entries(value)) {
    const fault = jsonFault(isList ? `${name}[${key}]` : `${name}.${key}`, part, [
      ...around,
      value,
    ]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Whether an object is no instance of a class, whichever realm it is from. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
