import { initSpaceAttention, spaceAttention } from '@neverend/attention';
import { FlopCounter, randomKey } from '@neverend/backend';
import { describeBackends } from '@neverend/backend/testing';
import { linear } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

async function flopsOf(work: () => unknown): Promise<bigint> {
  const counter = new FlopCounter();
  await counter.count(() => tf.tidy(() => void work()));
  return counter.total;
}

await describeBackends('FLOPs of layers equal hand counts', () => {
  const [B, D, E] = [7, 5, 3];

  it('of a dense layer, forward: 2·B·D·E products and B·E for the bias', async () => {
    const [x, w, b] = [tf.ones([B, D]), tf.ones([D, E]), tf.ones([E])] as const;
    expect(await flopsOf(() => linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D))).toBe(
      BigInt(2 * B * D * E + B * E),
    );
  });

  it('of a dense layer, backward: the same product twice, B·E for the mean over rows and E to make it the sum', async () => {
    const counter = new FlopCounter();
    const [x, w, b] = [tf.ones([B, D]), tf.ones([D, E]), tf.ones([E])] as const;
    const dy = tf.ones([B, E]);
    const backward = tf.grads((x, w, b) =>
      linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D),
    );
    await counter.count(() => tf.tidy(() => void backward([x, w, b], dy)));
    const forward = 2 * B * D * E + B * E;
    expect(counter.total).toBe(BigInt(forward + 2 * (2 * B * D * E) + B * E + E));
  });

  describe('of space attention', () => {
    const [R, N, W, H] = [2, 5, 12, 3];
    // One product of tokens with a square matrix, one among the tokens of all heads, and all scores.
    const dense = 2 * R * N * W * W;
    const among = 2 * R * H * N * N * (W / H);
    const scores = R * H * N * N;
    // The queries are multiplied by the scale of the scores.
    const scale = R * N * W;
    const forward = 4 * (dense + R * N * W) + 2 * among + 5 * scores + scale;
    const open = () => {
      const params = initSpaceAttention(randomKey('flops'), { width: W, heads: H });
      const names = Object.keys(params);
      const attend = (x: tf.Tensor, ...tensors: tf.Tensor[]) =>
        spaceAttention(
          x,
          Object.fromEntries(names.map((name, at) => [name, tensors[at]])) as typeof params,
          {
            heads: H,
          },
        );
      return {
        inputs: [tf.ones([R, N, W]), ...Object.values(params)] as [tf.Tensor, ...tf.Tensor[]],
        attend,
      };
    };

    it('forward: four projections, scores, scale, softmax and weighted values', async () => {
      const { inputs, attend } = open();
      expect(await flopsOf(() => attend(...inputs))).toBe(BigInt(forward));
      tf.dispose(inputs);
    });

    it('backward: every product twice, the weights again, 4 per score through the softmax, and sums for biases and tokens', async () => {
      const { inputs, attend } = open();
      const dy = tf.ones([R, N, W]);
      const products = 2 * (4 * dense + 2 * among);
      const biases = 4 * (R * N * W + W);
      const weights = among + 5 * scores + scale;
      // Queries, keys and values are of the same tokens.
      const sums = 2 * R * N * W;
      expect(await flopsOf(() => tf.grads(attend)(inputs, dy))).toBe(
        BigInt(forward + products + weights + 4 * scores + scale + biases + sums),
      );
      tf.dispose([inputs, dy]);
    });
  });
});
