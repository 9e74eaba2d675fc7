import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type KernelCall, kernelFlops } from './kernel-flops.ts';

/**
 * Counts the floating-point operations of every kernel that runs while it is on, forward and backward, by
 * wrapping the engine's `runKernel`. What it counts depends on the ops called and on their shapes alone,
 * never on the backend or on time.
 */
export class FlopCounter {
  #total = 0n;
  #uncounted = new Set<string>();

  /** Operations counted so far; exact beyond 2^53. */
  get total(): bigint {
    return this.#total;
  }

  /** Kernels that ran and have no counting rule. */
  get uncounted(): readonly string[] {
    return [...this.#uncounted].sort();
  }

  /** Runs `work` and counts what it runs, also before it throws. Counters may be nested. */
  async count<T>(work: () => T | Promise<T>): Promise<T> {
    const engine = tf.engine();
    const runKernel = engine.runKernel;
    const wrapped = ((name, inputs, attrs) => {
      const outputs = runKernel.call(engine, name, inputs, attrs) as TensorInfo | TensorInfo[];
      const flops = kernelFlops(name, {
        inputs: inputs as unknown as KernelCall['inputs'],
        attrs: (attrs ?? {}) as KernelCall['attrs'],
        outputs: Array.isArray(outputs) ? outputs : [outputs],
      });
      if (flops === undefined) this.#uncounted.add(name);
      else this.#total += BigInt(flops);
      return outputs;
    }) as typeof runKernel;
    engine.runKernel = wrapped;
    try {
      return await work();
    } finally {
      engine.runKernel = runKernel;
    }
  }
}
