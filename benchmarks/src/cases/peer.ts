import type { Case, Input, Size } from '../types.ts';

/** The layer of the cases: width, heads, experts of a head, width of a key; tokens of a batch. */
const full = { width: 256, heads: 8, k: 16, keyWidth: 128, tokens: 512, sizes: [64, 256, 1024] };
const tiny = { width: 6, heads: 2, k: 3, keyWidth: 5, tokens: 7, sizes: [4, 5, 6] };

/** Batches come in turns: one alone would find its rows in the caches. */
const batches = 8;

/**
 * How many rows a batch picks, each counted once, at the full sizes: the mean of the batches. What the limit of a step goes
 * by; a test counts them.
 */
export const uniqueRows: Readonly<Record<number, number>> = { 64: 4096, 256: 40_496, 1024: 63_173 };

/** Settings of a step of training: AdamW for what is dense, and for tables one of three. */
const rates = {
  // An epsilon, and a sum of squares to begin with, of the size of gradients: those near zero, whose sign is rounding, move nothing far.
  ...{ learningRate: 1e-3, epsilon: 0.1 },
  ...{ tableRate: 1e-2, initialSum: 1e-2, tableEpsilon: 1e-8 },
};
const optimizers = {
  adagrad: 'Adagrad on rows',
  'row-adagrad': 'row-wise Adagrad',
  adam: 'Adam, dense or of rows',
} as const;

export type TableOptimizer = keyof typeof optimizers;

/** PEER and what it is made of, at d = 256, 8 heads, 16 experts each, 512 tokens, over more and more experts. */
export const peerCases = (size: Size): Case[] =>
  (size === 'full' ? full : tiny).sizes.flatMap((n, at) => casesAt(size, n, full.sizes[at] ?? n));

/** @param named the n that ids have, at both sizes. */
function casesAt(size: Size, n: number, named: number): Case[] {
  const { width, heads, k, keyWidth, tokens } = size === 'full' ? full : tiny;
  const [items, picks] = [n * n, tokens * heads * k];
  const float = (name: string, shape: readonly number[], scale = 1): Input => {
    return { name, shape, dtype: 'float32', scale };
  };
  const table = (name: string) => float(name, [items, width], 1 / Math.sqrt(width));
  const keys = (of: number) =>
    [0, 1].map((set) => float(`keys/${set}`, [of, n, keyWidth], 1 / Math.sqrt(keyWidth)));
  const x = float('x', [batches, tokens, width]);
  const layer = [
    ...[x, float('query/kernel', [width, heads, 2, keyWidth], 1 / Math.sqrt(width))],
    ...[...keys(heads), table('down'), table('up')],
  ];
  const indices: Input = {
    ...{ name: 'indices', shape: [batches, tokens, heads * k], dtype: 'int32', bound: items },
  };
  const query = 2 * tokens * width * heads * 2 * keyWidth;
  const scores = (of: number) => 2 * tokens * of * 2 * n * keyWidth;
  const rowBytes = 4 * width;
  const touched = size === 'full' ? (uniqueRows[n] as number) : Math.min(items, picks);
  const common = {
    mode: 'forward',
    tolerance: 2e-5,
    // Where two experts are so near to each other that rounding chooses, a token gets another one.
    ...(size === 'full' ? { apart: 0.02 } : {}),
    items,
    group: `peer-${named}`,
    // Each runner holds gigabytes.
    ...(n === 1024 ? ({ alone: true } as const) : {}),
  } as const;
  const rowLimit = { kind: 'picked rows', amount: picks * rowBytes, items } as const;
  const step = (tables: TableOptimizer): Case => {
    // Rows are read forward and backward; they and what the optimiser knows of them are read and written.
    const moved = { adagrad: 6, 'row-adagrad': 4, adam: 8 }[tables];
    return {
      ...common,
      id: `peer-${named}-${tables}`,
      title: `PEER, ${n}² experts, a step with ${optimizers[tables]}`,
      op: 'peerStep',
      // Dense and lazy Adam differ from the second step on, in rows that this one does not pick. And where a choice has differed, later ones do.
      attrs: { heads, k, ...rates, tables, steps: size === 'full' || tables === 'adam' ? 1 : 2 },
      inputs: [...layer, float('dy', [tokens, width])],
      limit: {
        ...{ kind: 'layer', amount: 3 * query + scores(heads), items },
        bytes: 2 * touched * moved * rowBytes,
      },
    };
  };
  return [
    {
      ...common,
      id: `peer-${named}-row-sums`,
      title: `sums of ${picks} rows of [${n}², ${width}] (embedding bag)`,
      op: 'weightedRows',
      attrs: {},
      inputs: [
        { ...table('down'), name: 'table' },
        ...[indices, float('weights', [batches, tokens, heads * k])],
      ],
      limit: rowLimit,
    },
    {
      ...common,
      id: `peer-${named}-row-products`,
      title: `products of ${picks} rows of [${n}², ${width}]`,
      op: 'rowProducts',
      attrs: {},
      inputs: [{ ...table('down'), name: 'table' }, indices, x],
      limit: rowLimit,
    },
    {
      ...common,
      id: `peer-${named}-search`,
      title: `the ${k} best of ${n}² product keys, ${tokens} queries`,
      op: 'productKeySearch',
      attrs: { k },
      inputs: [float('queries', [batches, tokens, 1, 2, keyWidth]), ...keys(1)],
      limit: { kind: 'gemm', amount: scores(1) },
    },
    {
      ...common,
      id: `peer-${named}-forward`,
      title: `PEER, ${n}² experts, forward`,
      op: 'peer',
      attrs: { heads, k },
      inputs: layer,
      limit: {
        ...{ kind: 'layer', amount: query + scores(heads), items },
        bytes: 2 * picks * rowBytes,
      },
    },
    ...(Object.keys(optimizers) as TableOptimizer[]).map(step),
  ];
}
