import * as tf from '@tensorflow/tfjs-core';
import { markEdited } from '../mark-edited.ts';
import { asWebgpu, isCast } from '../webgpu/backend.ts';

/** What a backend kernel answers in place of an output when it has written into one of its inputs: that input's data. */
export function editedInPlace(backend: tf.KernelBackend, tensor: tf.Tensor): tf.TensorInfo {
  const { dataId, shape, dtype } = tensor;
  markEdited(tensor);
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/**
 * The numbers of a float32 tensor for a backend kernel to write into and to answer as an output: the tensor's own data where
 * no clone, reshape or saved tensor holds it too, and they are floats in memory, else a copy. On `tensorflow` not all holders are seen: slices,
 * reshapes and other results of TensorFlow may share memory with what they were made from.
 */
export function writable(backend: tf.KernelBackend, tensor: tf.Tensor): tf.TensorInfo {
  // Data that is still on another backend is counted there.
  if (backend.refCount(tensor.dataId) === 0) tf.engine().moveData(backend, tensor.dataId);
  const shared =
    backend.refCount(tensor.dataId) > 1 ||
    ('uploadToGPU' in backend && isCast(asWebgpu(backend), tensor));
  const target = shared ? tf.mul(tensor, 1) : tensor;
  // Numbers that WebGPU has not got yet could not be marked, and would be read from where they are.
  if ('uploadToGPU' in backend) {
    asWebgpu(backend).uploadToGPU(target.dataId);
  }
  if (!shared) return editedInPlace(backend, target);
  markEdited(target);
  return target;
}
