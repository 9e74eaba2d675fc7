import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { markEdited } from '../stock-fixes/mark-edited.ts';

/** What a version answers in place of an output when it has written into one of its inputs: that input's data. */
export function editedInPlace(backend: KernelBackend, tensor: Tensor): TensorInfo {
  const { dataId, shape, dtype } = tensor;
  markEdited(tensor);
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/**
 * Whether no clone, reshape or saved tensor holds a tensor's data beside it, so that writing into it changes nothing
 * else. On `tensorflow` it does not see all: slices and other results of TensorFlow may share memory with what they
 * were made from.
 */
export const isOnlyHolder = (backend: KernelBackend, { dataId }: TensorInfo): boolean =>
  backend.refCount(dataId) === 1;
