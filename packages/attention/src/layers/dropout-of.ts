import type { RandomKey } from '@neverend/backend';
import { checkRate, type Dropout } from '../dropout/index.ts';

/** @returns the rate, 0 where it is left out. @throws RangeError for one that is not in [0, 1). */
export function checkedRate(name: string, rate = 0): number {
  checkRate(rate, name);
  return rate;
}

/** Dropout of one call of a layer: none outside of training, where there is no key. */
export function dropoutOf(rate: number, key: RandomKey | undefined): Dropout | undefined {
  return rate === 0 || key === undefined ? undefined : { rate, key };
}
