import { described, type RandomKey, randomBits, randomKey, subkey } from '@neverend/backend';
import { checkIsList } from './checks.ts';

/** Examples that are drawn together: those of one data set, also where it comes back in the stream. */
export interface PairedExamples {
  /** For each learner and each position of the stream: `[size]`, 1 where the learner was wrong. */
  readonly wrong: readonly (readonly Uint8Array[])[];
}

/** The average error of the first learner of a pair minus that of the second. */
export interface PairedInterval {
  readonly pair: readonly [first: number, second: number];
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

const resamples = 10_000;
/** Draws whose random numbers are made at once. */
const chunk = 100;

/**
 * Percentile intervals of differences of average errors by the paired bootstrap (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993): the examples of each data set are drawn anew, with replacement and the same ones for all learners. Averages give every position
 * the same weight.
 *
 * @param groups One for each data set; the learners in the same order in each.
 * @param alpha An interval misses what it is to hold with about this chance.
 * @param seed What decides the draws.
 * @returns one interval for each pair of learners. @throws TypeError for what is no list, RangeError for an `alpha` that is no chance.
 */
export function pairedBootstrap(
  groups: readonly PairedExamples[],
  alpha: number,
  seed: readonly (string | number)[],
): PairedInterval[] {
  checkIsList('groups', groups);
  checkIsList('seed', seed);
  const learners = groups[0]?.wrong.length ?? 0;
  if (learners < 2) return [];
  if (!(alpha > 0 && alpha < 1)) {
    throw new RangeError(`alpha was ${described(alpha)}; it must be a number between 0 and 1`);
  }
  const positions = groups.reduce((sum, { wrong }) => sum + (wrong[0]?.length ?? 0), 0);
  const drawn = groups.map(({ wrong }, index) => resample(wrong, randomKey(...seed, index)));
  const share = (learner: number, draw: number) =>
    groups.reduce((sum, { wrong }, group) => {
      const size = wrong[0]?.[0]?.length ?? 1;
      return sum + (drawn[group]?.[learner]?.[draw] ?? 0) / (size * positions);
    }, 0);
  const cut = Math.floor((alpha / 2) * resamples);
  return pairsOf(learners).map((pair): PairedInterval => {
    const of = (draw: number) => share(pair[0], draw) - share(pair[1], draw);
    const differences = Float64Array.from({ length: resamples }, (_, draw) => of(draw)).sort();
    const low = differences[cut] ?? 0;
    const high = differences[resamples - 1 - cut] ?? 0;
    return { pair, difference: of(resamples), low, high };
  });
}

/** Every two of so many. */
export function pairsOf(count: number): (readonly [first: number, second: number])[] {
  return Array.from({ length: count }, (_, first) =>
    Array.from({ length: count - first - 1 }, (_, at) => [first, first + 1 + at] as const),
  ).flat();
}

/**
 * Errors of each learner on the examples of each draw, and at the end on those that there are. Examples that all learners err on
 * equally often tell none from another and are left out: only how many of the others a draw has is drawn.
 */
function resample(wrong: PairedExamples['wrong'], key: RandomKey): Float64Array[] {
  const size = wrong[0]?.[0]?.length ?? 0;
  const errors = wrong.map((positions) =>
    Uint32Array.from({ length: size }, (_, example) =>
      positions.reduce((sum, one) => sum + (one[example] ?? 0), 0),
    ),
  );
  const telling = Uint32Array.from({ length: size }, (_, example) => example).filter((example) =>
    errors.some((each) => each[example] !== errors[0]?.[example]),
  );
  const counts = binomial(randomBits(key, resamples), size, telling.length / size);
  const sums = errors.map(() => new Float64Array(resamples + 1));
  const add = (draw: number, examples: Uint32Array) => {
    for (const [learner, each] of errors.entries()) {
      let sum = 0;
      for (const example of examples) sum += each[example] ?? 0;
      sums[learner]?.fill(sum, draw, draw + 1);
    }
  };
  for (let start = 0; start < resamples; start += chunk) {
    const ofChunk = counts.slice(start, start + chunk);
    const all = ofChunk.reduce((sum, count) => sum + count, 0);
    const picked = randomBits(subkey(key, start), all).map(
      (bits) => telling[Math.floor((bits / 2 ** 32) * telling.length)] ?? 0,
    );
    let end = 0;
    for (const [at, count] of ofChunk.entries()) {
      end += count;
      add(start + at, picked.subarray(end - count, end));
    }
  }
  add(resamples, telling);
  return sums;
}

/** Numbers of hits among `n` with chance `p`, by inversion: one for each 32 random bits. */
function binomial(bits: Uint32Array, n: number, p: number): number[] {
  if (p === 1) return Array.from(bits, () => n);
  const order = bits.map((_, index) => index).sort((a, b) => (bits[a] ?? 0) - (bits[b] ?? 0));
  const counts = new Array<number>(bits.length).fill(0);
  let logarithm = n * Math.log1p(-p);
  let below = Math.exp(logarithm);
  let hits = 0;
  for (const index of order) {
    while (hits < n && (bits[index] ?? 0) / 2 ** 32 >= below) {
      logarithm += Math.log(((n - hits) / (hits + 1)) * (p / (1 - p)));
      below += Math.exp(logarithm);
      hits++;
    }
    counts[index] = hits;
  }
  return counts;
}
