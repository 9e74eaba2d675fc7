import { described } from './described.ts';

/**
 * What every function and class with options calls first: a misspelt option would be ignored without a word.
 *
 * @param owner whose options they are, for the message. @param known the names of all its options.
 * @throws TypeError naming every option that is not among them; also where options are no object.
 */
export function checkOptions<T extends object>(
  owner: string,
  options: T,
  known: readonly (keyof T & string)[],
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `the options of ${owner} were ${described(options)}; they must be an object`,
    );
  }
  const unknown = Object.keys(options).filter((name) => !known.some((other) => other === name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => `"${name}"`).join(', ');
    const choice = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
    throw new TypeError(`${owner} has no option ${names}; ${choice}`);
  }
}
