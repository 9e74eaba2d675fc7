import { described } from '@neverend/backend';

/** Settings by their names. @throws RangeError naming the first that is negative or not finite. */
export function checkNotNegative(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value >= 0 && Number.isFinite(value))) {
      throw new RangeError(`${name} was ${described(value)}; it must be a finite number >= 0`);
    }
  }
}

/** Decays by their names. @throws RangeError naming the first that is not in [0, 1). */
export function checkBetas(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(Number.isFinite(value) && value >= 0 && value < 1)) {
      throw new RangeError(`${name} was ${described(value)}; it must be in [0, 1)`);
    }
  }
}
