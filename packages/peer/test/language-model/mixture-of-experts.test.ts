import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectClose,
  expectNoLeak,
  expectTensorClose,
  numericGradients,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { mixtureOfExperts } from '../../src/language-model/feed-forward/mixture-of-experts.ts';

const [width, experts, topK, hidden] = [4, 5, 2, 3];

/** Plain loops in float64 over named arrays: the output, and the loss beside it. */
function naive(arrays: Record<string, Float64Array>, tokens: number, balance: number) {
  const get = (name: string) => arrays[name] as Float64Array;
  const dot = (a: ArrayLike<number>, kernel: Float64Array, columns: number, column: number) =>
    Array.from(a).reduce(
      (sum, value, row) => sum + value * (kernel[row * columns + column] as number),
      0,
    );
  const gelu = (x: number) =>
    0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const range = (count: number) => Array.from({ length: count }, (_, at) => at);
  const softmax = (scores: readonly number[]) => {
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    return powers.map((power) => power / powers.reduce((a, b) => a + b));
  };
  const [shares, means] = [new Array(experts).fill(0), new Array(experts).fill(0)];
  const y = new Float64Array(tokens * width);
  for (let token = 0; token < tokens; token++) {
    const x = get('x').subarray(token * width, (token + 1) * width);
    const scores = range(experts).map((e) => dot(x, get('router/kernel'), experts, e));
    const best = range(experts)
      .sort((a, b) => (scores[b] as number) - (scores[a] as number))
      .slice(0, topK);
    softmax(scores).forEach((p, e) => {
      means[e] += p / tokens;
    });
    const gates = softmax(best.map((e) => scores[e] as number));
    for (const [at, e] of best.entries()) {
      shares[e] += 1 / (tokens * topK);
      const name = `expert_00${e}/`;
      const inner = range(hidden).map((h) =>
        gelu(
          dot(x, get(`${name}Dense_0/kernel`), hidden, h) +
            (get(`${name}Dense_0/bias`)[h] as number),
        ),
      );
      for (const d of range(width)) {
        const made =
          dot(inner, get(`${name}Dense_1/kernel`), width, d) +
          (get(`${name}Dense_1/bias`)[d] as number);
        (y[token * width + d] as number) += (gates[at] as number) * made;
      }
    }
  }
  const loss = shares.reduce((sum, share, e) => sum + share * means[e], 0) * experts * balance;
  return { y, loss };
}

await describeBackends('mixtureOfExperts', () => {
  it.each([1, 9])(
    'equals plain loops, and central differences of them, for %i tokens',
    async (tokens) => {
      await expectNoLeak(async () => {
        const balance = 0.5;
        const layer = mixtureOfExperts({ experts, topK, hidden, balance }, width);
        const shapes = { x: [tokens, width], ...layer.shapes };
        const names = Object.keys(shapes);
        const tensors = names.map((name) =>
          randomTensor(randomKey('moe', name), [
            ...((shapes as Record<string, number[]>)[name] as number[]),
          ]),
        );
        const inputs = Object.fromEntries(
          await Promise.all(
            tensors.map(async (tensor, at) => [
              names[at],
              { shape: tensor.shape, data: Float64Array.from(await tensor.data()) },
            ]),
          ),
        );
        const run = (list: readonly tf.Tensor[]) => {
          const [x, ...others] = list as [tf.Tensor2D, ...tf.Tensor[]];
          const params = Object.fromEntries(others.map((tensor, at) => [names[at + 1], tensor]));
          return layer.apply(x, params, { training: true });
        };
        const dy = randomTensor(randomKey('dy'), [tokens, width]);
        const { y, auxiliaryLoss } = tf.tidy(() => {
          const { y, auxiliaryLoss } = run(tensors);
          return { y, auxiliaryLoss: auxiliaryLoss as tf.Scalar };
        });
        const arrays = Object.fromEntries(names.map((name) => [name, inputs[name].data]));
        const expected = naive(arrays, tokens, balance);
        await expectTensorClose(y, { shape: [tokens, width], data: expected.y });
        await expectTensorClose(auxiliaryLoss, [expected.loss]);
        const gradients = tf.grads((...list: tf.Tensor[]) => {
          const result = run(list);
          return tf.add(tf.sum(tf.mul(result.y, dy)), result.auxiliaryLoss as tf.Scalar);
        })(tensors);
        const weights = [...(await dy.data()), 1];
        const numeric = numericGradients(inputs, weights, (at) => {
          const { y, loss } = naive(at, tokens, balance);
          return Float64Array.of(...y, loss);
        });
        for (const [at, name] of names.entries()) {
          const data = await (gradients[at] as tf.Tensor).data();
          const scale = Math.max(1, ...(numeric[name] as Float64Array).map(Math.abs));
          expectClose(data, numeric[name] as Float64Array, { rtol: 0, atol: 3e-5 * scale });
        }
        tf.dispose([tensors, dy, y, auxiliaryLoss, gradients]);
      });
    },
  );

  it('gives each token what it would have alone', async () => {
    const layer = mixtureOfExperts({ experts, topK, hidden }, width);
    const params = layer.init(randomKey(1));
    const x = randomTensor(randomKey('x'), [6, width]) as tf.Tensor2D;
    const apply = (rows: tf.Tensor2D) =>
      tf.tidy(() => layer.apply(rows, params, { training: false }).y);
    const [all, one] = tf.tidy(() => [apply(x), apply(tf.slice(x, [3, 0], [1, width]))]) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const row = tf.slice(all, [3, 0], [1, width]);
    await expectTensorClose(one, await row.data());
    tf.dispose([params, x, all, one, row]);
  });

  it('has no loss beside in use, and picks where they are asked for', async () => {
    const layer = mixtureOfExperts({ experts, topK, hidden }, width);
    const params = layer.init(randomKey(1));
    const x = randomTensor(randomKey('x'), [6, width]) as tf.Tensor2D;
    const { picks, sums } = tf.tidy(() => {
      const { picks, auxiliaryLoss } = layer.apply(x, params, { training: false, picks: true });
      expect(auxiliaryLoss).toBe(undefined);
      return {
        picks: picks?.indices as tf.Tensor,
        sums: tf.sum(picks?.gates as tf.Tensor, [1, 2]),
      };
    });
    expect(picks.shape).toEqual([6, 1, topK]);
    await expectTensorClose(sums, new Array(6).fill(1));
    tf.dispose([params, x, picks, sums]);
  });
});
