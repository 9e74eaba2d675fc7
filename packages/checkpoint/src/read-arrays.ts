import type { Tensor } from '@tensorflow/tfjs-core';
import type { NamedArray } from './named-array.ts';

/** Copies tensors of float32 and int32 out of the backend, one after the other. They stay the caller's. */
export async function readArrays(
  tensors: Readonly<Record<string, Tensor>>,
): Promise<Record<string, NamedArray>> {
  const arrays: Record<string, NamedArray> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    // data() may be a view of the backend's own memory, which the next kernel overwrites.
    const data = (await tensor.data()).slice();
    arrays[name] = { dtype: tensor.dtype, shape: tensor.shape, data } as NamedArray;
  }
  return arrays;
}
