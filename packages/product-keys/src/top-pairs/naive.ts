/** One of the n1 n2 ... sums of one score of each set. */
export interface Sum {
  readonly score: number;
  /** Row-major, the first set's item slowest. */
  readonly index: number;
}

/**
 * The k best of all sums of one row's scores, each made and sorted: larger ones first, equal ones by the lower index.
 * Sums are float32, from the first set on.
 */
export function topKNaive(scores: readonly Float32Array[], k: number): Sum[] {
  let sums: Sum[] = [{ score: 0, index: 0 }];
  for (const set of scores) {
    sums = sums.flatMap(({ score, index }) =>
      Array.from(set, (other, item) => ({
        score: Math.fround(score + other),
        index: index * set.length + item,
      })),
    );
  }
  return sums.sort((x, y) => y.score - x.score || x.index - y.index).slice(0, k);
}
