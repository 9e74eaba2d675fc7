import type { RandomKey } from '@neverend/backend';
import { checkTensor, randomKey } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkedParam, headWidth } from '../checks.ts';
import { xavierUniform } from '../linear/index.ts';
import { inputGradient, kernelGradient, sumRows } from '../linear/products.ts';
import { withGradient } from '../own-gradient.ts';
import type { Params } from '../params.ts';

/**
 * Multi-head self-attention among the N tokens of each row (arXiv 1706.03762, section 3.2; arXiv 2010.11929,
 * appendix A): softmax(Q K' / sqrt(D/H)) V for each head, then a linear layer over the heads.
 *
 * @param x `[rows, N, D]`, float32.
 * @param params as flax names and shapes them: `query/kernel`, `key/kernel`, `value/kernel` `[D, H, D/H]`,
 * `query/bias`, `key/bias`, `value/bias` `[H, D/H]`, `out/kernel` `[H, D/H, D]`, `out/bias` `[D]`.
 * @returns `[rows, N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function spaceAttention(
  x: tf.Tensor,
  params: Params,
  { heads }: { readonly heads: number },
): tf.Tensor {
  checkTensor('x', x, ['rows', 'N', 'D']);
  const [rows, tokens, width] = x.shape as [number, number, number];
  const depth = headWidth(width, heads);
  const projections = ['query', 'key', 'value'] as const;
  const kernels = projections.map((name) =>
    checkedParam(params, `${name}/kernel`, [width, heads, depth]),
  );
  const biases = projections.map((name) => checkedParam(params, `${name}/bias`, [heads, depth]));
  const outKernel = checkedParam(params, 'out/kernel', [heads, depth, width]);
  const outBias = checkedParam(params, 'out/bias', [width]);
  const scale = 1 / Math.sqrt(depth);

  // [rows · N, parts · D] to `parts` tensors [H, rows, N, D/H], and back. With at most four dimensions and
  // the last one in place, a transpose copies whole vectors on wasm; otherwise it goes number by number.
  const splitHeads = (y: tf.Tensor, parts: number): tf.Tensor[] =>
    tf.split(
      tf.transpose(tf.reshape(y, [rows, tokens, parts * heads, depth]), [2, 0, 1, 3]),
      parts,
    );
  const joinHeads = (parts: tf.Tensor[]): tf.Tensor2D =>
    tf.reshape(tf.transpose(tf.concat(parts), [1, 2, 0, 3]), [-1, parts.length * width]);

  return withGradient([x, ...kernels, ...biases, outKernel, outBias], () => {
    // One product for the three projections, with the scale of the scores in the queries' weights.
    const kernel = tf.concat(
      kernels.map((part, index) => scaledQuery(tf.reshape(part, [width, width]), index, scale)),
      1,
    ) as tf.Tensor2D;
    const bias = tf.concat(
      biases.map((part, index) => scaledQuery(tf.reshape(part, [width]), index, scale)),
    );
    const x2d = tf.reshape(x, [-1, width]) as tf.Tensor2D;
    const [q, k, v] = splitHeads(tf.add(tf.matMul(x2d, kernel), bias), 3) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const weights = tf.softmax(tf.matMul(q, k, false, true));
    const context = joinHeads([tf.matMul(weights, v)]);
    const out = tf.reshape(outKernel, [width, width]) as tf.Tensor2D;
    return {
      value: tf.reshape(tf.add(tf.matMul(context, out), outBias), x.shape),
      saved: [x2d, kernel, q, k, v, weights, context, out],
      backward: (dy, saved) => {
        const [x2d, kernel, q, k, v, weights, context, out] = saved as [
          tf.Tensor2D,
          tf.Tensor2D,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor2D,
          tf.Tensor2D,
        ];
        const dy2d = tf.reshape(dy, [-1, width]) as tf.Tensor2D;
        const [dContext] = splitHeads(inputGradient(dy2d, out), 1) as [tf.Tensor];
        const dWeights = tf.matMul(dContext, v, false, true);
        const product = tf.mul(weights, dWeights);
        const dScores = tf.sub(product, tf.mul(weights, tf.sum(product, -1, true)));
        const dProjected = joinHeads([
          tf.matMul(dScores, k),
          tf.matMul(dScores, q, true, false),
          tf.matMul(weights, dContext, true, false),
        ]);
        return [
          tf.reshape(inputGradient(dProjected, kernel), dy.shape),
          ...tf
            .split(kernelGradient(x2d, dProjected), 3, 1)
            .map((part, index) =>
              tf.reshape(scaledQuery(part, index, scale), [width, heads, depth]),
            ),
          ...tf
            .split(sumRows(dProjected), 3)
            .map((part, index) => tf.reshape(scaledQuery(part, index, scale), [heads, depth])),
          tf.reshape(kernelGradient(context, dy2d), [heads, depth, width]),
          sumRows(dy2d),
        ];
      },
    };
  });
}

/** Of the three projections, only the first, the queries', carries the scale. */
function scaledQuery(part: tf.Tensor, index: number, scale: number): tf.Tensor {
  return index === 0 ? tf.mul(part, scale) : part;
}

/**
 * Weights of an attention layer as flax' ViT has them: Xavier uniform for the four kernels, drawn as the
 * matrices `[D, D]` that they are, and biases 0.
 *
 * @returns tensors by the names that `spaceAttention` reads, a function of `key` alone and the caller's to
 * dispose.
 * @throws ShapeError when `heads` does not divide `width`.
 */
export function initSpaceAttention(
  key: RandomKey,
  { width, heads }: { readonly width: number; readonly heads: number },
): Record<string, tf.Tensor> {
  const depth = headWidth(width, heads);
  const params: Record<string, tf.Tensor> = {};
  for (const name of ['query', 'key', 'value', 'out']) {
    const [shape, biasShape] =
      name === 'out'
        ? [[heads, depth, width], [width]]
        : [
            [width, heads, depth],
            [heads, depth],
          ];
    const kernelKey = randomKey(key.low, key.high, name);
    params[`${name}/kernel`] = xavierUniform(kernelKey, shape, width, width);
    params[`${name}/bias`] = tf.zeros(biasShape);
  }
  return params;
}
