import { mlp } from '@neverend/attention';
import { checkTensor } from '@neverend/backend';
import { checkedParam, linear, linearParams, type Params, subtree } from '@neverend/nn';
import {
  activate,
  checkQueryCall,
  type ExpertActivation,
  expertsApply,
  type QueryCall,
  type Retrieved,
  retrievalOf,
  retrieve,
  rowProducts,
  type Sequence,
  sequenceOf,
  weightedRows,
  withoutPadding,
} from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { checkPeer, type PeerConfig, peerTables } from './config.ts';

/** What a PEER layer gives. */
export interface PeerResult {
  /** `[..., D]`. */
  readonly y: tf.Tensor;
  /** Which experts tokens picked, by which scores and with which weights. */
  readonly retrieved: Retrieved;
}

/**
 * Parameter-efficient expert retrieval (PEER, arXiv 2407.04153, algorithm 1): each head of a token retrieves k of N experts by product keys, and the token gets the sum of
 * g act(u · x) v over all that were retrieved. There is no bias and no projection behind. Neither is x normalised, nor is it added to y.
 *
 * With `lowRankHidden` retrieved experts change a dense layer instead, as PEER-LoRA of PEER-pytorch does: act(x W1 + b1 + Σ g (a · x) b), and the same for W2.
 *
 * @param x `[..., D]`, float32.
 * @param params those of `retrieve`; the tables u, `down`, and v, `up`, `[N, D]` (with split tables `[H N, D]`), or for low rank `in_a` `[N, D]`, `in_b` `[N, M]`, `out_a`
 * `[N, M]`, `out_b` `[N, D]` and a dense layer below `low_rank/`; a shared dense layer below `shared/`.
 * @returns the caller's to dispose. @throws ShapeError | DTypeError | RangeError naming the argument.
 */
export function peer(
  x: tf.Tensor,
  params: Params,
  config: PeerConfig,
  call: QueryCall = {},
): PeerResult {
  checkTensor('x', x, ['...', 'D']);
  checkPeer('peer', config);
  checkQueryCall('peer', call);
  const [outer, width] = [x.shape.slice(0, -1), x.shape.at(-1) ?? 1];
  const { heads, k, activation = 'gelu', sharedHidden = 0, lowRankHidden = 0, order } = config;
  const tables = Object.fromEntries(
    Object.entries(peerTables(width, config)).map(([name, shape]) => [
      name,
      checkedParam(params, name, shape),
    ]),
  );
  const table = (name: string) => tables[name] as tf.Tensor;
  return tf.tidy(() => {
    const tokens = withoutPadding(x, call.mask);
    const retrieved = retrieve(tokens, params, retrievalOf(config), call);
    const [indices, gates] = [retrieved.indices, retrieved.gates].map((of) =>
      tf.reshape(of, [...outer, heads * k]),
    ) as [tf.Tensor, tf.Tensor];
    const dense = (name: string, input: tf.Tensor, from: number, to: number) => {
      const { kernel, bias } = linearParams(params, name, from, to);
      return linear(input, kernel, bias);
    };
    let y: tf.Tensor;
    if (lowRankHidden === 0) {
      y = expertsApply(tokens, indices, gates, table('down'), table('up'), {
        activation,
        order,
      });
    } else {
      const sequence = sequenceOf(table('in_a'), indices, order);
      const changed = (name: 'in' | 'out', input: tf.Tensor) =>
        expertsOfRankOne(input, indices, gates, table(`${name}_a`), table(`${name}_b`), sequence);
      const into = dense('low_rank/Dense_0', tokens, width, lowRankHidden);
      const hidden = activate(tf.add(into, changed('in', tokens)), activation);
      const out = dense('low_rank/Dense_1', hidden, lowRankHidden, width);
      y = tf.add(out, changed('out', hidden));
    }
    if (sharedHidden > 0) y = tf.add(y, mlp(tokens, subtree(params, 'shared/')));
    return { y, retrieved: { ...retrieved } };
  });
}

/** Σ g (a · x) b. */
const expertsOfRankOne = (
  x: tf.Tensor,
  indices: tf.Tensor,
  gates: tf.Tensor,
  a: tf.Tensor,
  b: tf.Tensor,
  order: Sequence,
): tf.Tensor =>
  weightedRows(b, indices, tf.mul(rowProducts(a, indices, x, { order }), gates), { order });

/**
 * All experts, each with a weight: Σ g act(u · x) v over the whole pool, out of two dense products. What a PEER layer computes of those that it retrieves, to check it by.
 *
 * @param x `[T, D]`. @param gates g, `[T, N]`. @param down u, `[N, D]`. @param up v, `[N, D]`. @returns `[T, D]`, the caller's to dispose.
 */
export function allExperts(
  x: tf.Tensor,
  gates: tf.Tensor,
  down: tf.Tensor,
  up: tf.Tensor,
  activation: ExpertActivation = 'gelu',
): tf.Tensor {
  checkTensor('x', x, ['T', 'D']);
  checkTensor('down', down, ['N', x.shape[1] ?? 1]);
  checkTensor('up', up, ['N', 'E']);
  checkTensor('gates', gates, [x.shape[0] ?? 1, down.shape[0] ?? 1]);
  return tf.tidy(() => {
    const hidden = activate(tf.matMul(x, down, false, true), activation);
    return tf.matMul(tf.mul(hidden, gates), up);
  });
}
