export {
  type AbsentBackend,
  type BackendName,
  type BackendOptions,
  type BackendStatus,
  backendNames,
  type ReadyBackend,
} from './backends/types.ts';
export { BackendError, DTypeError, hasCode, NeverendError, ShapeError } from './errors.ts';
export {
  type RandomKey,
  randomBits,
  randomInt,
  randomKey,
  randomNormal,
  randomPermutation,
  randomUniform,
} from './random.ts';
export { remat } from './remat.ts';
export { registerStockFixes } from './stock-fixes/index.ts';
export { markEdited } from './stock-fixes/mark-edited.ts';
export { type BackendChoice, type PassedOver, probeBackends, useBackend } from './use-backend.ts';
