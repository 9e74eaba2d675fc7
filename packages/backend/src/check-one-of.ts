import { described } from './described.ts';

/** @throws RangeError naming the option unless it is one of these words. */
export function checkOneOf<Word extends string>(
  name: string,
  value: Word,
  words: readonly Word[],
): void {
  if (words.includes(value)) return;
  const choice = words.map((word) => `"${word}"`).join(' or ');
  throw new RangeError(`${name} was ${described(value)}; it must be ${choice}`);
}
