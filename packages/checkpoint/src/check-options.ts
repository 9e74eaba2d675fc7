import { described } from './described.ts';

/**
 * A misspelt option would be ignored without a word.
 *
 * @param owner whose options they are, for the message. @param known the names of all its options.
 * @throws TypeError naming every option that is not among them, and for what holds no options.
 */
export function checkOptions<T extends object>(
  owner: string,
  options: T,
  known: readonly (keyof T & string)[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${owner}'s options were ${described(options)}; they must be an object`);
  }
  const unknown = Object.keys(options).filter((name) => !known.some((other) => other === name));
  if (unknown.length === 0) return;
  const names = unknown.map((name) => `"${name}"`).join(', ');
  throw new TypeError(`${owner} has no option ${names}; it takes ${known.join(', ')}`);
}

/** @throws TypeError unless these are names, or not given: a text would be taken for a list of letters. */
export function checkNames(names: unknown): void {
  if (names === undefined) return;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return;
  throw new TypeError(`names was ${described(names)}; it must be a list of the arrays' names`);
}
