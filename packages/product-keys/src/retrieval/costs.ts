import { checkSets, type RetrievalConfig } from './config.ts';

/** Shapes of parameters, by their names. */
export type Shapes = Record<string, readonly number[]>;

/** Which parameters `retrieve` takes for tokens of this width. */
export function retrievalShapes(width: number, config: RetrievalConfig): Shapes {
  checkSets(config);
  const { heads, sizes, keyWidth, norm = 'batch', bias = true } = config;
  const shape = [heads, sizes.length, keyWidth];
  const ofNorm = norm === 'layer' ? shape.slice(1) : shape;
  return {
    'query/kernel': [width, ...shape],
    ...(bias && { 'query/bias': shape }),
    ...(norm !== 'none' && { 'query/norm/scale': ofNorm, 'query/norm/shift': ofNorm }),
    ...(norm === 'batch' && { 'query/norm/mean': shape, 'query/norm/variance': shape }),
    ...Object.fromEntries(sizes.map((n, set) => [`keys/${set}`, [heads, n, keyWidth]])),
    ...(config.keyBias === true &&
      Object.fromEntries(sizes.map((n, set) => [`key_bias/${set}`, [heads, n]]))),
  };
}

/** The parameters of retrieval that are no weights: running figures of a batch norm, and what is added to the scores of keys. */
export function retrievalBuffers(
  config: Pick<RetrievalConfig, 'norm' | 'sizes' | 'keyBias'>,
): readonly string[] {
  checkSets(config);
  const { norm = 'batch', sizes, keyBias = false } = config;
  return [
    ...(norm === 'batch' ? ['query/norm/mean', 'query/norm/variance'] : []),
    ...(keyBias ? sizes.map((_, set) => `key_bias/${set}`) : []),
  ];
}

/** What a layer costs for one token. */
export interface LayerCosts {
  /** Of all weights. */
  readonly parameters: number;
  /** Of those that a token takes part in: all but the rows that it does not pick. */
  readonly activeParameters: number;
  /** Forward, of products; a multiplication and an addition are two. The choice of the best and the norm count as nothing. */
  readonly flops: number;
  /** Read from tables in float32, where no two tokens share a row. */
  readonly tableBytes: number;
}

/** Costs of a layer that retrieves. @param shapes of all its parameters. @param tables the names of its tables. */
export function retrievalLayerCosts(
  config: RetrievalConfig,
  shapes: Shapes,
  tables: readonly string[],
): LayerCosts {
  const buffers = retrievalBuffers(config);
  const sizes = Object.entries(shapes)
    .filter(([name]) => !buffers.includes(name))
    .map(([name, shape]) => ({ name, shape, size: shape.reduce((product, n) => product * n, 1) }));
  const ofTables = sizes.filter(({ name }) => tables.includes(name));
  const others = sizes.filter(({ name }) => !tables.includes(name));
  const sum = (of: readonly number[]) => of.reduce((total, n) => total + n, 0);
  const picks = config.heads * config.k;
  const rows = picks * sum(ofTables.map(({ shape }) => shape[1] ?? 1));
  // Biases and norms are vectors, or have as many axes as a query; what multiplies has an input beside.
  const products = others.filter(({ name }) => name.endsWith('kernel') || name.startsWith('keys/'));
  return {
    parameters: sum(sizes.map(({ size }) => size)),
    activeParameters: sum(others.map(({ size }) => size)) + rows,
    flops: 2 * (sum(products.map(({ size }) => size)) + rows),
    tableBytes: 4 * rows,
  };
}
