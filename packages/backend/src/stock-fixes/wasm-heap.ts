import * as tf from '@tensorflow/tfjs-core';
import { checkHeap } from '../wasm/checked-heap.ts';
import { addKernel } from './registry.ts';

/**
 * A wasm backend whose heap is full says so and goes on, see `checkHeap`. A kernel that is never called, because TensorFlow.js tells
 * the kernels of each backend that starts.
 */
export function registerWasmHeap(): void {
  addKernel({
    kernelName: 'NeverendCheckHeap',
    backendName: 'wasm',
    setupFunc: (backend) => checkHeap(backend),
    kernelFunc: () => {
      throw new Error('NeverendCheckHeap only readies the wasm backend');
    },
  });
  const backend: tf.KernelBackend | undefined = tf.engine().registry['wasm'];
  if (backend !== undefined) checkHeap(backend);
}
