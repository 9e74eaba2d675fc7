/**
 * A misspelt option would be ignored without a word.
 *
 * @param owner whose options they are, for the message. @param known the names of all its options.
 * @throws TypeError naming every option that is not among them.
 */
export function checkOptions<T extends object>(
  owner: string,
  options: T,
  known: readonly (keyof T & string)[],
): void {
  const unknown = Object.keys(options).filter((name) => !known.some((other) => other === name));
  if (unknown.length === 0) return;
  const names = unknown.map((name) => `"${name}"`).join(', ');
  throw new TypeError(`${owner} has no option ${names}; it takes ${known.join(', ')}`);
}
