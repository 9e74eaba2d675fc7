export { rowProducts, weightedRows } from './picked-rows/index.ts';
export { productKeySearch } from './product-key-search/index.ts';
export { productKeyTopK } from './product-key-top-k/index.ts';
export {
  type RowGradientOptions,
  type RowGradients,
  rowGradients,
  type TableGradient,
} from './row-gradients/index.ts';
export type { TopK } from './top-k.ts';
