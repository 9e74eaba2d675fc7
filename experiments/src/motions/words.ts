/** A share as a percentage with one digit behind the point. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A difference of shares in points, with its sign. */
export function points(difference: number): string {
  const text = (100 * Math.abs(difference)).toFixed(1);
  return `${difference < 0 ? '−' : '+'}${text}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
