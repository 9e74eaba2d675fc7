import { described } from './described.ts';
import { ShapeError } from './errors.ts';

/** A size or a number of things. @throws ShapeError naming it unless it is an integer from `least` on. */
export function checkedSize(name: string, size: number | undefined, least = 1): number {
  if (size === undefined || !Number.isSafeInteger(size) || size < least) {
    const wanted = least === 1 ? 'a positive integer' : `an integer >= ${least}`;
    throw new ShapeError(
      `${name} was ${size == null ? 'not given' : described(size)}; it must be ${wanted}`,
    );
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
    throw new RangeError(`${name} was ${described(value)}; it must be a finite number${wanted}`);
  }
}
