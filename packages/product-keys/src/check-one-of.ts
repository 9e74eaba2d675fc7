/** @throws RangeError naming the argument unless it is one of these words. */
export function checkOneOf<Word extends string>(
  name: string,
  value: Word,
  words: readonly Word[],
): void {
  if (words.includes(value)) return;
  throw new RangeError(
    `${name} was ${JSON.stringify(value)}; it must be one of ${words.join(', ')}`,
  );
}
