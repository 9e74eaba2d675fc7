export { type BinaryFile, type ByteSource, toByteSource } from './byte-source.ts';
export { CheckpointError } from './checkpoint-error.ts';
export {
  type DecodeSafetensorsOptions,
  decodeSafetensors,
  type Safetensors,
} from './decode-safetensors.ts';
export { encodeSafetensors } from './encode-safetensors.ts';
export {
  type DType,
  type DTypeArrays,
  type NamedArray,
  type SlicedArray,
  shapeSize,
} from './named-array.ts';
export { decodeNpy, type NpyOptions } from './npy.ts';
export { type Npz, type NpzOptions, openNpz } from './npz.ts';
export { type ArrayInfo, type OpenSafetensors, openSafetensors } from './open-safetensors.ts';
export { readArrays } from './read-arrays.ts';
export type { SliceOptions } from './split-rows.ts';
export { streamSafetensors } from './stream-safetensors.ts';
