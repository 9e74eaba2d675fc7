import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendKernel, KernelCall } from '../kernels/index.ts';
import { loadAddon } from './addon.ts';

/** A backend kernel for TensorFlow on the CPU, out of calls of the addon. */
export function addonKernel<I, A>(
  run: (call: KernelCall<I, A> & { readonly backend: KernelBackend }) => TensorInfo[],
): BackendKernel<I, A> {
  return {
    unavailable: () => {
      const status = loadAddon();
      return status.available ? undefined : status.reason;
    },
    run,
  };
}
