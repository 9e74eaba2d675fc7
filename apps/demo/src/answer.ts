import type { Guess } from '@neverend/trecvit';
import type { About } from './protocol.ts';

/** What a page says of the likeliest class. */
export interface Answer {
  readonly sure: boolean;
  readonly name: string;
  readonly detail: string;
}

export const nameOf = ({ name, index }: Guess): string => name ?? `class ${index}`;

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** @param threshold the probability below which the model is not sure. */
export function answerOf(guesses: readonly Guess[], threshold: number): Answer {
  const [first] = guesses;
  if (first === undefined) return { sure: false, name: '–', detail: '' };
  const share = percent(first.probability);
  return first.probability < threshold
    ? { sure: false, name: 'Not sure', detail: `perhaps ${nameOf(first)}, ${share}` }
    : { sure: true, name: nameOf(first), detail: share };
}

/** What a model can say, before it says anything. */
export function knowledgeOf({
  classes,
  classNames,
}: Pick<About, 'classes' | 'classNames'>): string {
  if (classNames === undefined || classes > 12) return `It tells ${classes} classes apart.`;
  return `It knows ${new Intl.ListFormat('en-GB').format(classNames)}.`;
}

/**
 * Chooses what is read aloud: an answer that has stood for a while and is not the one read last, so that a screen reader is not
 * flooded by answers that change with every frame.
 */
export class Announcer {
  readonly #patience: number;
  #spoken = '';
  #standing = '';
  #since = 0;

  /** @param patience seconds that an answer must stand. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** @returns what is to be read now, if anything is. */
  hear(name: string, seconds: number): string | undefined {
    if (name !== this.#standing) {
      this.#standing = name;
      this.#since = seconds;
    }
    if (name === this.#spoken || seconds - this.#since < this.#patience) return undefined;
    this.#spoken = name;
    return name;
  }

  reset(): void {
    this.#spoken = '';
    this.#standing = '';
  }
}
