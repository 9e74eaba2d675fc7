export { convertIndices, type IndexOrder } from './convert-indices.ts';
export {
  activate,
  checkActivation,
  type ExpertActivation,
  type ExpertsOptions,
  expertsApply,
} from './experts-apply/index.ts';
export { gates, type ScoreFunction, scoreFunctions } from './gates.ts';
export {
  checkMemory,
  initMemory,
  type MemoryConfig,
  type MemoryOutput,
  type MemoryResult,
  memory,
  memoryCosts,
  memoryShapes,
} from './memory/index.ts';
export { type PickOrder, type Sequence, sequenceOf } from './pick-order.ts';
export { type PickedRowsOptions, rowProducts, weightedRows } from './picked-rows/index.ts';
export { productKeySearch, type SearchOptions } from './product-key-search/index.ts';
export { productKeyTopK } from './product-key-top-k/index.ts';
export {
  checkQueryCall,
  type Queries,
  type QueryCall,
  type QueryConfig,
  type QueryNorm,
  queryNetwork,
} from './query-network/index.ts';
export { withoutPadding } from './query-network/without-padding.ts';
export {
  checkRetrieval,
  checkSets,
  itemsOf,
  type RetrievalConfig,
  tableRows,
} from './retrieval/config.ts';
export {
  type LayerCosts,
  retrievalBuffers,
  retrievalLayerCosts,
  retrievalShapes,
  type Shapes,
} from './retrieval/costs.ts';
export { type Retrieved, retrieve } from './retrieval/index.ts';
export {
  checkStarts,
  checkTableRoom,
  filledTable,
  initRetrieval,
  type PlacedRows,
  publishedStarts,
  retrievalOf,
  rowSlices,
  type Start,
  type Starts,
  type StartsOf,
  started,
  startedTable,
} from './retrieval/init.ts';
export {
  type RowGradientOptions,
  type RowGradients,
  rowGradients,
  type TableGradient,
} from './row-gradients/index.ts';
export type { TopK } from './top-k.ts';
export { ItemUsage, type UsageReport, type UsedItems } from './usage/index.ts';
