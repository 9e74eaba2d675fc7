// In a process of its own: it counts the bytes of all buffers.
import { kernelMode, kernelsReady, randomKey } from '@neverend/backend';
import { describeBackends, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { scaledDotProductAttention } from '../src/index.ts';

const heads = 4;

/** Bytes of all buffers that the backend has made and not given back to the GPU, in use or not. */
const allocated = () =>
  (tf.memory() as tf.MemoryInfo & { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;

/** The output and all gradients, and nothing left of them. */
async function attend(tokens: number): Promise<void> {
  const inputs = ['q', 'k', 'v'].map((name) =>
    randomTensor(randomKey(name), [1, tokens, heads, 8]),
  );
  const { value, grads } = tf.valueAndGrads((...[q, k, v]: tf.Tensor[]) =>
    scaledDotProductAttention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor),
  )(inputs);
  await Promise.all([value, ...grads].map((tensor) => tensor.data()));
  tf.dispose([inputs, value, grads]);
}

await describeBackends('the attention of many tokens', () => {
  it.runIf(kernelMode() !== 'composite')(
    'has no weights of all queries and keys in memory, with gradients either',
    async () => {
      const tokens = 400;
      // The kernels serve from when they have been compared on.
      await attend(3);
      await kernelsReady();
      const before = allocated();
      await attend(tokens);
      expect(allocated() - before).toBeLessThan((4 * heads * tokens * tokens) / 4);
    },
  );
}, ['webgpu']);
