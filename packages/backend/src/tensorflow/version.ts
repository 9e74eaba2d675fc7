import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelCall, NativeVersion } from '../kernels/index.ts';
import { loadAddon } from './addon.ts';

/** A version for TensorFlow on the CPU, out of calls of the addon. */
export function addonVersion<I, A>(
  run: (call: KernelCall<I, A> & { readonly backend: KernelBackend }) => TensorInfo[],
): NativeVersion<I, A> {
  return {
    absent: () => {
      const status = loadAddon();
      return status.available ? undefined : status.reason;
    },
    run,
  };
}
