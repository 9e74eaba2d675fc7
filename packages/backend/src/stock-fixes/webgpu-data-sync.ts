import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { addKernel } from './registry.ts';

/** The part of TensorFlow.js' WebGPU backend that reads without waiting. */
interface Readable {
  readonly tensorMap: { get(dataId: tf.DataId): { values: unknown; dtype: tf.DataType } };
  readSync(dataId: tf.DataId): tf.BackendValues;
}

const mended = new WeakSet<object>();

function explainDataSync(backend: Readable): void {
  if (mended.has(backend)) return;
  mended.add(backend);
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const { values, dtype } = backend.tensorMap.get(dataId);
    // Text is never on the GPU, and complex numbers are read as two tensors.
    const here = values != null || dtype === 'string' || dtype === 'complex64';
    if (!here && typeof OffscreenCanvas === 'undefined') {
      throw new BackendError(
        'dataSync() cannot read this tensor: it is on the GPU, from which webgpu reads without waiting only ' +
          'through an OffscreenCanvas, which is absent here; use `await tensor.data()`',
      );
    }
    return readSync(dataId);
  };
}

/**
 * A backend starts, or becomes current again, by calling the set-up function of each of its kernels, which
 * is the one way to be told of it.
 */
const hook: tf.KernelConfig = {
  kernelName: 'NeverendDataSync',
  backendName: 'webgpu',
  kernelFunc: () => {
    throw new Error('NeverendDataSync computes nothing');
  },
  setupFunc: (backend) => explainDataSync(backend as unknown as Readable),
};

/** Stock TensorFlow.js says "OffscreenCanvas is not defined" in Node, after a warning of how slow it is. */
export function registerWebgpuDataSync(): void {
  addKernel(hook);
  const started = tf.engine().registry['webgpu'];
  if (started !== undefined) explainDataSync(started as unknown as Readable);
}
