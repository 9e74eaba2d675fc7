import * as tf from '@tensorflow/tfjs-core';
import type { Profile } from '../types.ts';

/** Runs something so many times, and tells the time that each kernel of the current backend, which computes at once, took of it. */
export async function profiled(run: () => Promise<void>, runs: number): Promise<Profile> {
  // Kernels are registered at their first use.
  await run();
  const operations = new Map<string, { calls: number; milliseconds: number }>();
  /** Of each kernel that runs now, the time of those that it called. */
  const within: number[] = [];
  const restore = tf.getKernelsForBackend(tf.getBackend()).map((config) => {
    const { kernelName, kernelFunc } = config;
    config.kernelFunc = (call) => {
      within.push(0);
      const begin = performance.now();
      try {
        return kernelFunc(call);
      } finally {
        const took = performance.now() - begin;
        const own = took - (within.pop() ?? 0);
        if (within.length > 0) within.push((within.pop() ?? 0) + took);
        const name = named(kernelName, call.inputs);
        const { calls, milliseconds } = operations.get(name) ?? { calls: 0, milliseconds: 0 };
        operations.set(name, { calls: calls + 1, milliseconds: milliseconds + own });
      }
    };
    return () => {
      config.kernelFunc = kernelFunc;
    };
  });
  const begin = performance.now();
  try {
    for (let count = 0; count < runs; count++) await run();
  } finally {
    for (const end of restore) end();
  }
  const milliseconds = (performance.now() - begin) / runs;
  return {
    milliseconds,
    operations: [...operations]
      .map(([name, of]) => ({
        name,
        calls: of.calls / runs,
        milliseconds: of.milliseconds / runs,
      }))
      .sort((a, b) => b.milliseconds - a.milliseconds),
  };
}

/** A kernel's name, and what decides the speed of a product. */
function named(kernel: string, inputs: tf.NamedTensorInfoMap): string {
  const { a, b } = inputs;
  return a === undefined || b === undefined || !kernel.includes('MatMul')
    ? kernel
    : `${kernel} [${a.shape.join(', ')}] x [${b.shape.join(', ')}]`;
}
