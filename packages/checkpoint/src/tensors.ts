export { readIntoVariable, readTensor } from './read-tensor.ts';
export type { SliceOptions } from './split-rows.ts';
export { tensorSlices } from './tensor-slices.ts';
