import type { Guess } from '../top-k.ts';
import type { TRecViT } from '../trecvit.ts';

/** What a model says of some frames. */
export interface Verdict {
  /** The likeliest classes, the likeliest first. */
  readonly top: readonly Guess[];
  /** False where even the likeliest class is below the model's threshold. */
  readonly sure: boolean;
}

/** @param top the likeliest classes. */
export function verdictOf(top: readonly Guess[], { threshold = 0 }: TRecViT): Verdict {
  return { top, sure: (top[0]?.probability ?? 0) >= threshold };
}

/** A class for people: its name, or its number where it has none. */
export const nameOf = ({ name, index }: Guess): string => name ?? `class ${index}`;

export const percent = (probability: number): string => `${(100 * probability).toFixed(1)} %`;
