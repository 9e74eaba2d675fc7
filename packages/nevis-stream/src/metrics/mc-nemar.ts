import { described } from '@neverend/backend';
import { checkIsList } from './checks.ts';

/**
 * McNemar's exact test of two classifiers on the same examples (Psychometrika 12, 1947; Dietterich, Neural Computation
 * 10(7), 1998): those that both get right, or both wrong, say nothing; of the others, each is a fair coin if neither errs less.
 *
 * @param onlyFirst Number of examples that the first alone gets wrong. @param onlySecond Those that the second alone does.
 * @returns the two-sided p-value. @throws RangeError for a number of examples that is none.
 */
export function mcNemar(onlyFirst: number, onlySecond: number): number {
  for (const [name, count] of Object.entries({ onlyFirst, onlySecond })) {
    if (Number.isSafeInteger(count) && count >= 0) continue;
    throw new RangeError(`${name} was ${described(count)}; it must be an integer of 0 or more`);
  }
  const all = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  let logarithm = -all * Math.LN2;
  for (let at = 1; at <= fewer; at++) logarithm += Math.log((all - fewer + at) / at);
  // Binomial(all, 1/2) at `fewer` and below, from the largest term on.
  let term = Math.exp(logarithm);
  let tail = 0;
  for (let at = fewer; at >= 0 && term > 0; at--) {
    tail += term;
    term *= at / (all - at + 1);
  }
  return Math.min(1, 2 * tail);
}

/**
 * Holm's correction (Scandinavian Journal of Statistics 6, 1979), for several tests at once.
 *
 * @returns p-values in the order of the given ones: with those at or below 0.05 taken for differences, the chance of any false one is at most 0.05.
 */
export function holm(pValues: readonly number[]): number[] {
  checkIsList('pValues', pValues);
  for (const [at, p] of pValues.entries()) {
    if (p >= 0 && p <= 1) continue;
    throw new RangeError(`pValues[${at}] was ${described(p)}; it must be a number from 0 to 1`);
  }
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  const order = [...pValues.keys()].sort((a, b) => (pValues[a] ?? 0) - (pValues[b] ?? 0));
  for (const [rank, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * (pValues[index] ?? 1)));
    adjusted[index] = largest;
  }
  return adjusted;
}
