import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendKernel, KernelCall } from '../kernels/index.ts';
import { type AddonPackage, whyWithoutOps } from './addon.ts';

/**
 * A kernel for TensorFlow on the CPU, out of calls of the addon.
 *
 * @param owner the package whose C++ has the ops: its package.json will do. Another version of it is not taken.
 * @param lacks why ops of other packages that they run cannot run; undefined where they can.
 */
export function addonKernel<I, A>(
  owner: AddonPackage,
  compute: (call: KernelCall<I, A> & { readonly backend: KernelBackend }) => TensorInfo[],
  lacks: () => string | undefined = () => undefined,
): BackendKernel<I, A> {
  return { unavailable: () => lacks() ?? whyWithoutOps(owner), compute };
}
