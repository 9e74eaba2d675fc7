import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { initEncoderBlock, linear, spaceAttention } from '@neverend/attention';
import { randomKey } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { FlopCounter } from '../../src/flops/flop-counter.ts';

beforeAll(() => tf.setBackend('cpu'));

async function flopsOf(work: () => unknown): Promise<bigint> {
  const counter = new FlopCounter();
  await counter.count(() => tf.tidy(() => void work()));
  expect(counter.uncounted).toEqual([]);
  return counter.total;
}

describe('FLOPs counted from kernels equal hand counts', () => {
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

  it.each([
    { stride: 1, pad: 'same', out: 6 },
    { stride: 2, pad: 'same', out: 3 },
    { stride: 1, pad: 'valid', out: 4 },
  ] as const)(
    'of a 3x3 convolution, stride $stride, $pad: forward and both gradients',
    async ({ stride, pad, out }) => {
      const [C, K] = [2, 4];
      const x = tf.ones([B, 6, 6, C]) as tf.Tensor4D;
      const filter = tf.ones([3, 3, C, K]) as tf.Tensor4D;
      const products = 2 * B * out * out * K * 3 * 3 * C;
      expect(await flopsOf(() => tf.conv2d(x, filter, stride, pad))).toBe(BigInt(products));
      const dy = tf.ones([B, out, out, K]);
      const counter = new FlopCounter();
      const backward = tf.grads((x, f) =>
        tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, stride, pad),
      );
      await counter.count(() => tf.tidy(() => void backward([x, filter], dy)));
      expect(counter.total).toBe(BigInt(3 * products));
    },
  );

  it('of space attention: four projections, scores, scale, softmax and weighted values', async () => {
    const [R, N, W, H] = [2, 5, 12, 3];
    const block = initEncoderBlock(randomKey('flops'), { width: W, heads: H, mlpWidth: 16 });
    const prefix = 'MultiHeadDotProductAttention_0/';
    const params = Object.fromEntries(
      Object.entries(block)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
    const x = tf.ones([R, N, W]) as tf.Tensor3D;
    const projections = 4 * (2 * R * N * W * W + R * N * W);
    const products = 2 * (2 * R * H * N * N * (W / H));
    const softmax = 5 * R * H * N * N;
    // Scores are scaled through the kernel and the bias of the queries.
    const scale = W * W + W;
    expect(await flopsOf(() => spaceAttention(x, params, { heads: H }))).toBe(
      BigInt(projections + products + softmax + scale),
    );
  });

  it('stays exact beyond 2^53 and names kernels without a rule', async () => {
    const counter = new FlopCounter();
    await counter.count(() =>
      tf.tidy(() => void tf.bincount(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([]), 3)),
    );
    expect(counter.uncounted).toEqual(['Bincount']);
  });

  it('stops counting after it threw, and leaves the engine as it was', async () => {
    const before = tf.engine().runKernel;
    const counter = new FlopCounter();
    await expect(
      counter.count(() => {
        tf.tidy(() => void tf.add(1, 2));
        throw new Error('boom');
      }),
    ).rejects.toThrow('boom');
    expect(tf.engine().runKernel).toBe(before);
    expect(counter.total).toBe(1n);
  });
});
