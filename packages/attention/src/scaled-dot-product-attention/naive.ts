import type { AttentionSizes } from './types.ts';

/** The inputs of `scaledDotProductAttention` for its reference, plain loops in float64. */
export interface AttentionArrays {
  /** Queries, `[rows, M, H, d]`. */
  readonly q: Float64Array;
  /** Keys, `[rows, N, H, d]`. */
  readonly k: Float64Array;
  /** Values, `[rows, N, H, e]`. */
  readonly v: Float64Array;
}

export interface NaiveOptions {
  /** Factor of the scores; 1 / sqrt(d) where it is left out. */
  readonly scale?: number;
  /** Added to the score of key j for query i; -Infinity hides it, whatever the key and its value hold. */
  readonly added?: (row: number, head: number, i: number, j: number) => number;
  /** What the weights `[rows, H, M, N]` are multiplied by. */
  readonly factors?: ArrayLike<number>;
}

/** One query of one head: its weights, and where its numbers and those of the keys lie. */
interface Query {
  readonly row: number;
  readonly head: number;
  readonly i: number;
  readonly weights: Float64Array;
  /** The keys that the query sees. */
  readonly seen: readonly number[];
  /** Where the query's numbers start. */
  readonly qAt: number;
  /** Where the numbers of key j start. */
  readonly kAt: (j: number) => number;
  /** Where the output's numbers start. */
  readonly yAt: number;
  /** Where the numbers of value j start. */
  readonly vAt: (j: number) => number;
  /** What the weight of key j is multiplied by. */
  readonly factor: (j: number) => number;
}

function eachQuery(
  { q, k }: AttentionArrays,
  sizes: AttentionSizes,
  { scale = 1 / Math.sqrt(sizes.depth), added = () => 0, factors }: NaiveOptions,
  visit: (query: Query) => void,
): void {
  const { rows, queries, keys, heads, depth, valueDepth } = sizes;
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < queries; i++) {
        const query = (row * queries + i) * heads + head;
        const key = (j: number) => (row * keys + j) * heads + head;
        const kAt = (j: number) => key(j) * depth;
        const biases = Array.from({ length: keys }, (_, j) => added(row, head, i, j));
        const seen = [...biases.keys()].filter((j) => biases[j] !== Number.NEGATIVE_INFINITY);
        const scores = new Float64Array(keys).fill(Number.NEGATIVE_INFINITY);
        for (const j of seen) {
          let score = 0;
          for (let c = 0; c < depth; c++) {
            score += (q[query * depth + c] ?? 0) * (k[kAt(j) + c] ?? 0);
          }
          scores[j] = scale * score + (biases[j] ?? 0);
        }
        const largest = Math.max(...scores);
        const seesNone = largest === Number.NEGATIVE_INFINITY;
        const powers = scores.map((score) => (seesNone ? 0 : Math.exp(score - largest)));
        const total = powers.reduce((sum, power) => sum + power, 0);
        const first = ((row * heads + head) * queries + i) * keys;
        visit({
          ...{ row, head, i, qAt: query * depth, kAt },
          weights: powers.map((power) => (seesNone ? 0 : power / total)),
          seen,
          yAt: query * valueDepth,
          vAt: (j) => key(j) * valueDepth,
          factor: (j) => factors?.[first + j] ?? 1,
        });
      }
    }
  }
}

/** @returns `[rows, M, H, e]`. */
export function attentionNaive(
  arrays: AttentionArrays,
  sizes: AttentionSizes,
  options: NaiveOptions = {},
): Float64Array {
  const y = new Float64Array(sizes.rows * sizes.queries * sizes.heads * sizes.valueDepth);
  eachQuery(arrays, sizes, options, ({ weights, seen, yAt, vAt, factor }) => {
    for (const j of seen) {
      for (let c = 0; c < sizes.valueDepth; c++) {
        add(y, yAt + c, (weights[j] ?? 0) * factor(j) * (arrays.v[vAt(j) + c] ?? 0));
      }
    }
  });
  return y;
}

/** @param dy `[rows, M, H, e]`. @returns the gradients of sum(dy · y); `added` is that of each score, `[rows, H, M, N]`. */
export function attentionBackwardNaive(
  arrays: AttentionArrays,
  sizes: AttentionSizes,
  dy: Float64Array,
  options: NaiveOptions = {},
): AttentionArrays & { readonly added: Float64Array } {
  const { scale = 1 / Math.sqrt(sizes.depth) } = options;
  const { rows, heads, queries, keys } = sizes;
  const q = new Float64Array(arrays.q.length);
  const k = new Float64Array(arrays.k.length);
  const v = new Float64Array(arrays.v.length);
  const added = new Float64Array(rows * heads * queries * keys);
  eachQuery(arrays, sizes, options, (query) => {
    const { row, head, i, weights, seen, qAt, kAt, yAt, vAt, factor } = query;
    const dWeights = new Float64Array(keys);
    for (const j of seen) {
      const weight = weights[j] ?? 0;
      for (let c = 0; c < sizes.valueDepth; c++) {
        const d = dy[yAt + c] ?? 0;
        add(dWeights, j, d * factor(j) * (arrays.v[vAt(j) + c] ?? 0));
        add(v, vAt(j) + c, d * factor(j) * weight);
      }
    }
    const average = seen.reduce((sum, j) => sum + (dWeights[j] ?? 0) * (weights[j] ?? 0), 0);
    for (const j of seen) {
      const dScore = (weights[j] ?? 0) * ((dWeights[j] ?? 0) - average);
      added[((row * heads + head) * queries + i) * keys + j] = dScore;
      for (let c = 0; c < sizes.depth; c++) {
        add(q, qAt + c, scale * dScore * (arrays.k[kAt(j) + c] ?? 0));
        add(k, kAt(j) + c, scale * dScore * (arrays.q[qAt + c] ?? 0));
      }
    }
  });
  return { q, k, v, added };
}

function add(array: Float64Array, at: number, amount: number): void {
  array[at] = (array[at] ?? 0) + amount;
}
