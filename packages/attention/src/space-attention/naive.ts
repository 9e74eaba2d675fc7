import { linearBackwardNaive, linearNaive } from '../linear/naive.ts';

/** Numbers by the parameters' slash names. */
export type Arrays = Readonly<Record<string, Float64Array>>;

/** Sizes that the flat arrays do not tell. */
export interface AttentionSizes {
  readonly rows: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
}

const at = (arrays: Arrays, name: string): Float64Array => {
  const array = arrays[name];
  if (array === undefined) throw new Error(`there is no array "${name}"`);
  return array;
};

const projection = (params: Arrays, name: string, x: Float64Array) => ({
  x,
  kernel: at(params, `${name}/kernel`),
  bias: at(params, `${name}/bias`),
});

/** Where element k of a head's vector of a token lies in `[rows, N, H, D/H]`. */
function indexer({ tokens, width, heads }: AttentionSizes) {
  const depth = width / heads;
  return (row: number, token: number, head: number, k: number) =>
    ((row * tokens + token) * heads + head) * depth + k;
}

/** softmax(Q K' / sqrt(D/H)) of one row and head, `[N, N]`. */
function attentionWeights(
  q: Float64Array,
  key: Float64Array,
  row: number,
  head: number,
  sizes: AttentionSizes,
): Float64Array[] {
  const { tokens, width, heads } = sizes;
  const depth = width / heads;
  const index = indexer(sizes);
  return Array.from({ length: tokens }, (_, i) => {
    const scores = new Float64Array(tokens).map((_, j) => {
      let score = 0;
      for (let k = 0; k < depth; k++) {
        score += (q[index(row, i, head, k)] ?? 0) * (key[index(row, j, head, k)] ?? 0);
      }
      return score / Math.sqrt(depth);
    });
    const largest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - largest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  });
}

/** Plain loops in float64 for `spaceAttention`. @returns `[rows, N, D]`. */
export function spaceAttentionNaive(
  x: Float64Array,
  params: Arrays,
  sizes: AttentionSizes,
): Float64Array {
  return linearNaive(projection(params, 'out', contextNaive(x, params, sizes)));
}

/** The weighted values of all heads, `[rows, N, H, D/H]`. */
function contextNaive(x: Float64Array, params: Arrays, sizes: AttentionSizes): Float64Array {
  const { rows, tokens, width, heads } = sizes;
  const index = indexer(sizes);
  const [q, key, value] = ['query', 'key', 'value'].map((name) =>
    linearNaive(projection(params, name, x)),
  ) as [Float64Array, Float64Array, Float64Array];
  const context = new Float64Array(x.length);
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < heads; head++) {
      const weights = attentionWeights(q, key, row, head, sizes);
      for (let i = 0; i < tokens; i++) {
        for (let k = 0; k < width / heads; k++) {
          let sum = 0;
          for (let j = 0; j < tokens; j++) {
            sum += (weights[i]?.[j] ?? 0) * (value[index(row, j, head, k)] ?? 0);
          }
          context[index(row, i, head, k)] = sum;
        }
      }
    }
  }
  return context;
}

/** @param dy `[rows, N, D]`. @returns the gradients of sum(dy · y). */
export function spaceAttentionBackwardNaive(
  x: Float64Array,
  params: Arrays,
  sizes: AttentionSizes,
  dy: Float64Array,
): { x: Float64Array; params: Arrays } {
  const { rows, tokens, width, heads } = sizes;
  const depth = width / heads;
  const index = indexer(sizes);
  const names = ['query', 'key', 'value'] as const;
  const [q, key, value] = names.map((name) => linearNaive(projection(params, name, x))) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const out = linearBackwardNaive(projection(params, 'out', contextNaive(x, params, sizes)), dy);
  const slopes = {
    query: new Float64Array(x.length),
    key: new Float64Array(x.length),
    value: new Float64Array(x.length),
  };
  const add = (array: Float64Array, position: number, amount: number) => {
    array[position] = (array[position] ?? 0) + amount;
  };
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < heads; head++) {
      const weights = attentionWeights(q, key, row, head, sizes);
      for (let i = 0; i < tokens; i++) {
        const dWeights = new Float64Array(tokens);
        for (let j = 0; j < tokens; j++) {
          for (let k = 0; k < depth; k++) {
            const slope = out.x[index(row, i, head, k)] ?? 0;
            add(dWeights, j, slope * (value[index(row, j, head, k)] ?? 0));
            add(slopes.value, index(row, j, head, k), slope * (weights[i]?.[j] ?? 0));
          }
        }
        const average = dWeights.reduce((sum, d, j) => sum + d * (weights[i]?.[j] ?? 0), 0);
        for (let j = 0; j < tokens; j++) {
          const dScore =
            ((weights[i]?.[j] ?? 0) * ((dWeights[j] ?? 0) - average)) / Math.sqrt(depth);
          for (let k = 0; k < depth; k++) {
            const [qAt, keyAt] = [index(row, i, head, k), index(row, j, head, k)];
            add(slopes.query, qAt, dScore * (key[keyAt] ?? 0));
            add(slopes.key, keyAt, dScore * (q[qAt] ?? 0));
          }
        }
      }
    }
  }
  const gradients: Record<string, Float64Array> = {
    'out/kernel': out.kernel,
    'out/bias': out.bias,
  };
  const dx = new Float64Array(x.length);
  for (const name of names) {
    const gradient = linearBackwardNaive(projection(params, name, x), slopes[name]);
    gradients[`${name}/kernel`] = gradient.kernel;
    gradients[`${name}/bias`] = gradient.bias;
    gradient.x.forEach((value, position) => {
      add(dx, position, value);
    });
  }
  return { x: dx, params: gradients };
}
