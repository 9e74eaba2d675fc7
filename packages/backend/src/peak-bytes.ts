import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `work` and watches the bytes of all tensors after each kernel, those inside of composites among them. What a backend's
 * library keeps for itself, such as packed weights, and what a kernel holds while it runs are no tensors and not seen.
 *
 * @param work must be done with tensors when it returns: what runs later is not watched.
 * @returns what `work` returned, and the most bytes at once above those before it.
 */
export function withPeakBytes<T>(work: () => T): { result: T; peakBytes: number } {
  const engine = tf.engine();
  const { runKernel } = engine;
  const before = tf.memory().numBytes;
  let peakBytes = 0;
  const look = () => {
    peakBytes = Math.max(peakBytes, tf.memory().numBytes - before);
  };
  engine.runKernel = ((...args: Parameters<typeof runKernel>) => {
    const outputs = runKernel.apply(engine, args);
    look();
    return outputs;
  }) as typeof runKernel;
  try {
    const result = work();
    look();
    return { result, peakBytes };
  } finally {
    engine.runKernel = runKernel;
  }
}
