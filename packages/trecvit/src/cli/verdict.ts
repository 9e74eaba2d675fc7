import type { Guess } from '../top-k.ts';

/** What a model says of some frames. */
export interface Verdict {
  /** The likeliest classes, the likeliest first. */
  readonly top: readonly Guess[];
  /** Whether the likeliest class is likely enough. */
  readonly sure: boolean;
}

/** @param top the likeliest classes. @param sureFrom the least probability of the first one. */
export function verdictOf(top: readonly Guess[], sureFrom: number): Verdict {
  return { top, sure: (top[0]?.probability ?? 0) >= sureFrom };
}

/** A class for people: its name, or its number where it has none. */
export const nameOf = ({ name, index }: Guess): string => name ?? `class ${index}`;

export const percent = (probability: number): string => `${(100 * probability).toFixed(1)} %`;
