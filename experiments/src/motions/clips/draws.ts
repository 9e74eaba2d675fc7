import { type RandomKey, randomUniform } from '@neverend/backend';

/** Random numbers one after the other: a function of a key and of how many were drawn before. */
export class Draws {
  readonly #numbers: Float32Array;
  #next = 0;

  /** @param most how many can be drawn. */
  constructor(key: RandomKey, most = 64) {
    this.#numbers = randomUniform(key, most);
  }

  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    const number = this.#numbers[this.#next++];
    if (number === undefined) {
      throw new RangeError(`more than ${this.#numbers.length} numbers were drawn`);
    }
    return from + (to - from) * number;
  }

  /** Uniform on a logarithmic scale. */
  ratio(from: number, to: number): number {
    return from * (to / from) ** this.between(0, 1);
  }

  chance(probability: number): boolean {
    return this.between(0, 1) < probability;
  }

  /** -1 or 1. */
  sign(): number {
    return this.chance(0.5) ? 1 : -1;
  }

  below(bound: number): number {
    return Math.floor(this.between(0, bound));
  }

  of<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('there was nothing to draw from');
    return item;
  }
}
