import { described } from '@neverend/backend';

/** Settings by their names. @throws RangeError naming the first that is not a positive integer. */
export function checkPositiveIntegers(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    check(name, value, Number.isSafeInteger(value) && value > 0, 'a positive integer');
  }
}

/** @throws RangeError that says what `name` was and what it must be, unless `fits`. */
export function check(name: string, value: unknown, fits: boolean, must: string): void {
  if (fits) return;
  const was = Array.isArray(value) ? `[${value.map(described).join(', ')}]` : described(value);
  throw new RangeError(`${name} was ${was}; it must be ${must}`);
}
