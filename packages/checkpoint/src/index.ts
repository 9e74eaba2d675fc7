export { CheckpointError } from './checkpoint-error.ts';
export { type DType, type DTypeArrays, type NamedArray, shapeSize } from './named-array.ts';
export { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.ts';
