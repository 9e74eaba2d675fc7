import { randomKey } from '@neverend/backend';
import { describeBackends, expectTensorClose } from '@neverend/backend/testing';
import { initLinear } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  initEncoderBlock,
  initLearnedPositions,
  initMlp,
  initSpaceAttention,
} from '../src/index.ts';

const exact = { rtol: 0, atol: 0 };

/** Mean, standard deviation and largest magnitude. */
async function statistics(tensor: tf.Tensor) {
  const values = Array.from(await tensor.data());
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  const largest = values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return { mean, deviation: Math.sqrt(variance), largest };
}

await describeBackends('the weights to start with', () => {
  it('are the same on every backend: a linear layer of key 7', async () => {
    const { kernel, bias } = initLinear(randomKey(7), 2, 3);
    // The first numbers of the stream, spread over ± sqrt(6 / 5), as float32.
    const data = Float32Array.of(
      0.16180333495140076,
      1.058514952659607,
      0.927447497844696,
      0.7748150825500488,
      1.0591381788253784,
      -0.9368820190429688,
    );
    await expectTensorClose(kernel, { shape: [2, 3], data }, exact);
    await expectTensorClose(bias, { shape: [3], data: [0, 0, 0] }, exact);
    tf.dispose([kernel, bias]);
  });
});

await describeBackends('the kernels to start with', () => {
  it('are Xavier uniform with the fans of the matrices that they are', async () => {
    const [width, heads, mlpWidth] = [48, 4, 192];
    const block = initEncoderBlock(randomKey(1), { width, heads, mlpWidth });
    for (const [name, tensor] of Object.entries(block)) {
      const { mean, deviation, largest } = await statistics(tensor);
      if (!name.endsWith('kernel')) {
        expect([name, mean, deviation]).toEqual([name, name.endsWith('scale') ? 1 : 0, 0]);
        continue;
      }
      const limit = Math.sqrt(6 / (name.includes('Dense') ? width + mlpWidth : 2 * width));
      // Of 2304 uniform numbers or more: the deviation is limit / sqrt(3) to 2 %, and the largest close by.
      expect(largest, name).toBeLessThanOrEqual(limit);
      expect(largest, name).toBeGreaterThan(0.99 * limit);
      expect(Math.abs(mean), name).toBeLessThan(0.05 * limit);
      expect(Math.abs(deviation / (limit / Math.sqrt(3)) - 1), name).toBeLessThan(0.05);
    }
    tf.dispose(block);
  });

  it('differ between the parts of a block, and between keys', async () => {
    const sizes = { width: 6, heads: 2, mlpWidth: 6 };
    const [block, other] = [1, 2].map((seed) => initEncoderBlock(randomKey(seed), sizes)) as [
      Record<string, tf.Tensor>,
      Record<string, tf.Tensor>,
    ];
    const texts = await Promise.all(
      [block, other].flatMap((params) =>
        Object.entries(params)
          .filter(([name]) => name.endsWith('kernel'))
          .map(async ([, tensor]) => String(await tensor.data())),
      ),
    );
    expect(texts).toHaveLength(12);
    expect(new Set(texts).size).toBe(12);
    tf.dispose([block, other]);
  });

  it('have the names and shapes of flax', () => {
    const shapes = (params: Record<string, tf.Tensor>) => {
      const result = Object.fromEntries(
        Object.entries(params).map(([name, { shape }]) => [name, shape]),
      );
      tf.dispose(params);
      return result;
    };
    const attention = {
      'query/kernel': [6, 2, 3],
      'query/bias': [2, 3],
      'key/kernel': [6, 2, 3],
      'key/bias': [2, 3],
      'value/kernel': [6, 2, 3],
      'value/bias': [2, 3],
      'out/kernel': [2, 3, 6],
      'out/bias': [6],
    };
    const mlp = {
      'Dense_0/kernel': [6, 5],
      'Dense_0/bias': [5],
      'Dense_1/kernel': [5, 6],
      'Dense_1/bias': [6],
    };
    const above = (prefix: string, map: Record<string, number[]>) =>
      Object.fromEntries(Object.entries(map).map(([name, shape]) => [prefix + name, shape]));
    const key = randomKey(1);
    expect(shapes(initSpaceAttention(key, { width: 6, heads: 2 }))).toEqual(attention);
    expect(shapes(initMlp(key, { width: 6, mlpWidth: 5 }))).toEqual(mlp);
    expect(shapes(initEncoderBlock(key, { width: 6, heads: 2, mlpWidth: 5 }))).toEqual({
      'LayerNorm_0/scale': [6],
      'LayerNorm_0/bias': [6],
      'LayerNorm_1/scale': [6],
      'LayerNorm_1/bias': [6],
      ...above('MultiHeadDotProductAttention_0/', attention),
      ...above('MlpBlock_0/', mlp),
    });
  });

  it('are, for positions, normal with a standard deviation of 0.02', async () => {
    const positions = initLearnedPositions(randomKey(3), 50, 100);
    expect(positions.shape).toEqual([1, 50, 100]);
    const { mean, deviation } = await statistics(positions);
    expect(Math.abs(mean)).toBeLessThan(0.001);
    expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(0.05);
    positions.dispose();
  });
});
