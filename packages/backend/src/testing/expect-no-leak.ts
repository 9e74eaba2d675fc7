import * as tf from '@tensorflow/tfjs-core';

const counters = ['numTensors', 'numDataBuffers', 'numBytes'] as const;

/**
 * Holds TensorFlow.js' counts of tensors, buffers and bytes after some work against those before it. The
 * work must dispose what it makes, also where it throws; its error is thrown on where nothing leaked.
 *
 * @throws Error telling which counts changed.
 */
export async function expectNoLeak(work: () => unknown): Promise<void> {
  const before = tf.memory();
  let failure: { readonly error: unknown } | undefined;
  try {
    await work();
  } catch (error) {
    failure = { error };
  }
  const after = tf.memory();
  const changes = counters
    .filter((counter) => after[counter] !== before[counter])
    .map((counter) => `${counter} went from ${before[counter]} to ${after[counter]}`);
  if (changes.length > 0) {
    throw new Error(`the work leaked: ${changes.join(', ')}`, failure && { cause: failure.error });
  }
  if (failure) throw failure.error;
}
