import {
  checkFlag,
  checkNumber,
  checkObject,
  checkOneOf,
  checkOptions,
  checkSizes,
  checkTensor,
  checkTensorOf,
} from '@neverend/backend';
import {
  checkDropout,
  checkedParam,
  checkParams,
  type Dropout,
  dropout,
  layerNorm,
  linear,
  type Params,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { detached } from '../detached.ts';
import { batchNorm, checkMomentum } from './batch-norm.ts';
import { withoutPadding } from './without-padding.ts';

/** What is done to queries: nothing, a norm of each feature over all tokens, or one of each head's query. */
export type QueryNorm = 'none' | 'batch' | 'layer';

/** The names of all norms. */
export const queryNorms: readonly QueryNorm[] = ['none', 'batch', 'layer'];

/** Sizes and options of queries. */
export interface QueryConfig {
  /** H, the number of heads. */
  readonly heads: number;
  /** S, the number of sets of keys. */
  readonly sets: number;
  /** C, the width of a part of a query, and of a key. */
  readonly keyWidth: number;
  /** Default: `batch`, as PEER and product-key memories have it. */
  readonly norm?: QueryNorm | undefined;
  /** How far the running figures of a batch norm go to those of a batch. Default: 0.1. */
  readonly momentum?: number | undefined;
  /** What is added to the variance. Default: 1e-5. */
  readonly epsilon?: number | undefined;
}

/** What queries are told of a call. */
export interface QueryCall {
  /** Whether a batch norm takes the figures of these tokens. Default: false. */
  readonly training?: boolean | undefined;
  /** Of the shape of x but its last axis, float32: 1 for tokens that count, 0 for padding: whatever that holds, it is taken as 0, and a batch norm leaves it out. Not read back: what lies between counts, and for a batch norm in part. Default: all count. */
  readonly mask?: tf.Tensor | undefined;
  /** Dropout of queries. Default: none. */
  readonly dropout?: Dropout | undefined;
}

/** @param owner whose call it is. @throws naming what of it is wrong, but for the shape of the mask. */
export function checkQueryCall(owner: string, call: QueryCall): void {
  checkObject('call', call, 'with training, mask or dropout');
  checkOptions(owner, call, ['training', 'mask', 'dropout']);
  checkFlag('training', call.training ?? false);
  if (call.mask !== undefined) checkTensorOf('mask', call.mask, ['float32']);
  if (call.dropout !== undefined) checkDropout('dropout', call.dropout);
}

/** Queries, and what became of the parameters that are no weights. */
export interface Queries {
  /** `[..., H, S, C]`. */
  readonly queries: tf.Tensor;
  /** In training with a batch norm, its running figures after this batch: `norm/mean` and `norm/variance`, to take the place of the parameters. */
  readonly updates: Record<string, tf.Tensor>;
}

/**
 * q = norm(x W + b), for each head one part for each set of keys (Lample et al., 2019, section 3.1; PEER, arXiv 2407.04153, algorithm 1).
 *
 * @param x `[..., D]`, float32.
 * @param params `kernel` `[D, H, S, C]`; `bias` `[H, S, C]`, if there is one; for a batch norm `norm/scale`, `norm/shift`, `norm/mean` and `norm/variance`,
 * `[H, S, C]`, of which the last two have no gradient; for a layer norm `norm/scale` and `norm/shift`, `[S, C]`.
 * @returns the caller's to dispose. @throws TypeError | ShapeError | DTypeError | RangeError naming the argument or the option.
 */
export function queryNetwork(
  x: tf.Tensor,
  params: Params,
  config: QueryConfig,
  call: QueryCall = {},
): Queries {
  checkTensor('x', x, ['...', 'D']);
  const [outer, width] = [x.shape.slice(0, -1), x.shape.at(-1) ?? 1];
  const options = ['heads', 'sets', 'keyWidth', 'norm', 'momentum', 'epsilon'] as const;
  checkOptions('queryNetwork', config, options);
  checkQueryCall('queryNetwork', call);
  checkParams(params);
  const { heads, sets, keyWidth } = config;
  checkSizes({ heads, sets, keyWidth });
  checkOneOf('norm', config.norm ?? 'batch', queryNorms);
  checkMomentum(config.momentum ?? 0);
  checkNumber('epsilon', config.epsilon ?? 0, 0);
  const shape = [heads, sets, keyWidth];
  const kernel = checkedParam(params, 'kernel', [width, ...shape]);
  const bias = params['bias'] === undefined ? undefined : checkedParam(params, 'bias', shape);
  return tf.tidy(() => {
    const plain = linear(withoutPadding(x, call.mask), kernel, bias ?? tf.zeros(shape));
    const { y, updates } = normalised(plain, params, config, call);
    const queries = tf.reshape(y, [...outer, ...shape]);
    return { queries: dropout(queries, call.dropout), updates };
  });
}

function normalised(
  x: tf.Tensor,
  params: Params,
  { heads, sets, keyWidth, norm = 'batch', momentum, epsilon }: QueryConfig,
  { training, mask }: QueryCall,
): { y: tf.Tensor; updates: Record<string, tf.Tensor> } {
  if (norm === 'none') return { y: x, updates: {} };
  const shape = norm === 'layer' ? [sets, keyWidth] : [heads, sets, keyWidth];
  const features = shape.reduce((product, size) => product * size, 1);
  const rows = tf.reshape(x, [-1, features]);
  const param = (name: string) =>
    tf.reshape(checkedParam(params, `norm/${name}`, shape), [features]);
  if (norm === 'layer') {
    return { y: layerNorm(rows, param('scale'), param('shift'), epsilon ?? 1e-5), updates: {} };
  }
  const before = { mean: detached(param('mean')), variance: detached(param('variance')) };
  const options = { training, momentum, epsilon, mask: mask && tf.reshape(mask, [-1]) };
  const { y, running } = batchNorm(rows, param('scale'), param('shift'), before, options);
  return {
    y,
    updates: running
      ? {
          'norm/mean': tf.reshape(running.mean, shape),
          'norm/variance': tf.reshape(running.variance, shape),
        }
      : {},
  };
}
