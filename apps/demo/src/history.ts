import type { Guess } from '@neverend/trecvit';

/** What was likely at one time. */
export interface Moment {
  /** On the page's clock. */
  readonly at: number;
  readonly guesses: readonly Guess[];
}

/** One class over the last seconds. */
export interface HistoryLine {
  readonly index: number;
  /** Which of the colours it has, so that a class keeps its own while it is shown. */
  readonly colour: number;
  /** Points of a polyline in a square of 100, with now at the right and 100 % at the top. */
  readonly points: string;
}

/** The number of colours in the style sheet. */
const COLOURS = 8;

/** The last seconds of a stream. */
export class History {
  readonly #seconds: number;
  #moments: readonly Moment[] = [];
  #colours: ReadonlyMap<number, number> = new Map();

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  add(moment: Moment): void {
    const from = moment.at - this.#seconds;
    // One from before it, since a line reaches the left edge.
    const first = this.#moments.findLastIndex(({ at }) => at <= from);
    this.#moments = [...this.#moments.slice(Math.max(0, first)), moment];
    this.#colours = coloursOf(this.#likeliest(COLOURS), this.#colours);
  }

  clear(): void {
    this.#moments = [];
  }

  colourOf(index: number): number {
    return this.#colours.get(index) ?? index % COLOURS;
  }

  /** The lines of the classes that were likeliest, at most so many. */
  lines(now: number, most: number): HistoryLine[] {
    return this.#likeliest(most).map((index) => ({
      index,
      colour: this.colourOf(index),
      points: this.#moments
        .map(({ at, guesses }) => {
          const probability = guesses.find((guess) => guess.index === index)?.probability ?? 0;
          const x = 100 * (1 - (now - at) / this.#seconds);
          return `${x.toFixed(2)},${(100 * (1 - probability)).toFixed(2)}`;
        })
        .join(' '),
    }));
  }

  /** Classes by the sum of their probabilities, the largest first. */
  #likeliest(most: number): number[] {
    const sums = new Map<number, number>();
    for (const { index, probability } of this.#moments.flatMap(({ guesses }) => guesses)) {
      sums.set(index, (sums.get(index) ?? 0) + probability);
    }
    return [...sums]
      .sort(([a, ofA], [b, ofB]) => ofB - ofA || a - b)
      .slice(0, most)
      .map(([index]) => index);
  }
}

/** Colours for classes: those that had one keep it, the others take what is free, their own number first. */
export function coloursOf(
  classes: readonly number[],
  before: ReadonlyMap<number, number>,
): Map<number, number> {
  const colours = new Map<number, number>();
  for (const index of classes) {
    const kept = before.get(index);
    if (kept !== undefined) colours.set(index, kept);
  }
  const free = new Set(Array.from({ length: COLOURS }, (_, colour) => colour));
  for (const colour of colours.values()) free.delete(colour);
  for (const index of classes) {
    if (colours.has(index)) continue;
    const [next = index % COLOURS] = free.has(index % COLOURS) ? [index % COLOURS] : free;
    colours.set(index, next);
    free.delete(next);
  }
  return colours;
}
