export { rowProducts, weightedRows } from './picked-rows/index.ts';
export { productKeyTopK, type TopK } from './product-key-top-k/index.ts';
export {
  type RowGradientOptions,
  type RowGradients,
  rowGradients,
  type TableGradient,
} from './row-gradients/index.ts';
