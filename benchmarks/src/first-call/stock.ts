// TensorFlow.js as it comes: a product of the same width, so that all that the library does once is done.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { offer, timesOf } from './times.ts';

offer(({ backend, threads, wasmPath }) =>
  timesOf(
    async () => {
      if (backend === 'wasm') {
        const wasm = await import('@tensorflow/tfjs-backend-wasm');
        if (wasmPath) wasm.setWasmPaths(wasmPath);
        wasm.setThreadsCount(threads);
        tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', threads > 1);
      } else if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
      else {
        // The specifier is no literal, so that bundles for pages do not look for it.
        const specifier = '@tensorflow/tfjs-node';
        await import(specifier);
      }
      await tf.setBackend(backend);
      await tf.ready();
    },
    () => {
      const [x, w] = [tf.ones([128, 64]), tf.ones([64, 64])];
      return {
        result: () => tf.matMul(x, w),
        gradient: () => tf.grad((input: tf.Tensor) => tf.sum(tf.matMul(input, w)))(x),
      };
    },
  ),
);
