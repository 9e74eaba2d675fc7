import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import {
  definedKernelFlops,
  isComparingKernels,
  type KernelAttrs,
  type KernelInputs,
} from '../kernels/index.ts';
import { kernelFlops, type StockKernelCall } from './kernel-flops.ts';

/** What is told of every kernel call: the kernel's name, and its operations where there is a rule for it. */
type Listener = (name: string, flops: number | undefined) => void;

/** Who listens now. The engine's `runKernel` is wrapped, once, while there are any. */
const listeners = new Set<Listener>();
/** How many kernels are running: what they call is their own, and differs by backend. */
let depth = 0;
let unwrap = (): void => {};

function listen(listener: Listener): void {
  listeners.add(listener);
  if (listeners.size > 1) return;
  const engine = tf.engine();
  const runKernel = engine.runKernel;
  engine.runKernel = ((name, inputs, attrs) => {
    depth++;
    let outputs: TensorInfo | TensorInfo[];
    try {
      outputs = runKernel.call(engine, name, inputs, attrs) as TensorInfo | TensorInfo[];
    } finally {
      depth--;
    }
    // A process compares kernels at their first use: a run that was resumed would have paid for more.
    if (depth > 0 || isComparingKernels()) return outputs;
    const flops =
      definedKernelFlops(name, {
        inputs: inputs as KernelInputs,
        attrs: (attrs ?? {}) as KernelAttrs,
      }) ??
      kernelFlops(name, {
        inputs: inputs as unknown as StockKernelCall['inputs'],
        attrs: (attrs ?? {}) as StockKernelCall['attrs'],
        outputs: Array.isArray(outputs) ? outputs : [outputs],
      });
    for (const tell of listeners) tell(name, flops);
    return outputs;
  }) as typeof runKernel;
  unwrap = () => {
    engine.runKernel = runKernel;
  };
}

function unlisten(listener: Listener): void {
  listeners.delete(listener);
  if (listeners.size === 0) unwrap();
}

/**
 * Counts the floating-point operations of every kernel that runs while it is on, forward and backward, by
 * wrapping the engine's `runKernel`; kernels that a kernel runs are in its count. What it counts depends on the ops called and on their shapes alone,
 * never on the backend or on time.
 */
export class FlopCounter {
  #total = 0n;
  #running = 0;
  readonly #uncounted = new Set<string>();
  readonly #listener: Listener = (name, flops) => {
    if (flops === undefined) this.#uncounted.add(name);
    else this.#total += BigInt(flops);
  };

  /** Operations counted so far; exact beyond 2^53. */
  get total(): bigint {
    return this.#total;
  }

  /**
   * Runs `work` and counts what runs until it is done, also before it throws. Counters may be nested and may
   * overlap: each counts all that runs while it is on, once.
   *
   * @throws Error when a kernel ran, now or earlier, that has no counting rule, and what `work` throws.
   */
  async count<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#running++ === 0) listen(this.#listener);
    let result: T;
    try {
      result = await work();
    } finally {
      if (--this.#running === 0) unlisten(this.#listener);
    }
    if (this.#uncounted.size > 0) {
      const kernels = [...this.#uncounted].sort().join(', ');
      throw new Error(`there is no FLOP rule for ${kernels}; the count would be too small`);
    }
    return result;
  }
}
