import type { PeerConfig } from '../src/index.ts';

/** Numbers of parameters by their names, and of the tokens `x` `[T, D]`. */
export type Arrays = Readonly<Record<string, ArrayLike<number>>>;

/** What plain loops give. */
export interface NaivePeer {
  /** `[T, D]`. */
  readonly y: Float64Array;
  /** By how much the last item that a head picks beats the first that it does not: while nothing moves by more, picks stay. */
  readonly margin: number;
}

/** A PEER layer without a norm of queries, token by token in float64, out of the scores of all items. */
export function naivePeer(arrays: Arrays, D: number, config: PeerConfig): NaivePeer {
  const { heads, k, sizes, keyWidth: C, temperature = 1, scores: by, splitTables } = config;
  const { sharedHidden = 0, lowRankHidden: hidden = 0, activation } = config;
  const of = (name: string) => arrays[name] as ArrayLike<number>;
  const row = (name: string, at: number, width: number) =>
    Array.from({ length: width }, (_, c) => of(name)[at * width + c] as number);
  const act = (v: number) => {
    if (activation === 'relu') return Math.max(0, v);
    return activation === 'gelu-tanh' ? geluTanh(v) : (v * (1 + erf(v / Math.SQRT2))) / 2;
  };
  const linear = (input: readonly number[], name: string, to: number) =>
    Array.from({ length: to }, (_, j) =>
      input.reduce(
        (sum, v, i) => sum + v * (of(`${name}/kernel`)[i * to + j] as number),
        of(`${name}/bias`)[j] as number,
      ),
    );
  const items = sizes.reduce((product, n) => product * n, 1);
  let margin = Number.POSITIVE_INFINITY;

  const picksOf = (token: readonly number[], head: number) => {
    const products = sizes.map((n, set) => {
      const query = Array.from({ length: C }, (_, c) => {
        const at = (head * sizes.length + set) * C + c;
        return token.reduce(
          (sum, v, i) =>
            sum + v * (of('query/kernel')[i * heads * sizes.length * C + at] as number),
          of('query/bias')[at] as number,
        );
      });
      return Array.from({ length: n }, (_, key) =>
        dot(query, row(`keys/${set}`, head * n + key, C)),
      );
    });
    const all = Array.from({ length: items }, (_, item) => {
      let [left, score] = [item, 0];
      for (let set = sizes.length - 1; set >= 0; set--) {
        const n = sizes[set] as number;
        score += products[set]?.[left % n] as number;
        left = Math.floor(left / n);
      }
      return { item, score };
    }).sort((a, b) => b.score - a.score || a.item - b.item);
    const best = all.slice(0, k);
    const next = all[k];
    if (next) margin = Math.min(margin, (best.at(-1)?.score as number) - next.score);
    const exps = best.map(({ score }) => Math.exp(score / temperature));
    const total = exps.reduce((sum, e) => sum + e, 0);
    return best.map(({ item, score }, at) => {
      const s = score / temperature;
      const soft = (exps[at] as number) / total;
      const g = by === 'sigmoid' ? 1 / (1 + Math.exp(-s)) : by === 'relu' ? Math.max(0, s) : soft;
      return { row: item + (splitTables ? head * items : 0), g };
    });
  };

  const y = Array.from({ length: of('x').length / D }, (_, t) => {
    const token = row('x', t, D);
    const picks = Array.from({ length: heads }, (_, head) => picksOf(token, head)).flat();
    const experts = (
      input: readonly number[],
      names: readonly [string, string],
      to: number,
      f: (v: number) => number,
    ) => {
      const sum = Array<number>(to).fill(0);
      for (const { row: at, g } of picks) {
        const one = g * f(dot(input, row(names[0], at, input.length)));
        for (const [c, v] of row(names[1], at, to).entries()) sum[c] = (sum[c] as number) + one * v;
      }
      return sum;
    };
    const same = (v: number) => v;
    let out: number[];
    if (hidden > 0) {
      const changed = experts(token, ['in_a', 'in_b'], hidden, same);
      const inner = add(linear(token, 'low_rank/Dense_0', hidden), changed).map(act);
      const last = experts(inner, ['out_a', 'out_b'], D, same);
      out = add(linear(inner, 'low_rank/Dense_1', D), last);
    } else out = experts(token, ['down', 'up'], D, act);
    if (sharedHidden === 0) return out;
    const beside = linear(token, 'shared/Dense_0', sharedHidden).map(geluTanh);
    return add(out, linear(beside, 'shared/Dense_1', D));
  });
  return { y: Float64Array.from(y.flat()), margin };
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, v, at) => sum + v * (b[at] as number), 0);

const add = (a: readonly number[], b: readonly number[]) => a.map((v, at) => v + (b[at] as number));

const geluTanh = (v: number) =>
  (v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))) / 2;

/** Its Taylor series converges everywhere. */
function erf(v: number): number {
  let [term, sum] = [v, v];
  for (let i = 1; i < 60; i++) {
    term *= (-v * v) / i;
    sum += term / (2 * i + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
