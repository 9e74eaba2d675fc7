import { checkNumber, checkOptions, checkSizes, type RandomKey, subkey } from '@neverend/backend';
import { checkedParam, checkParams, type Params, rmsNorm, subtree, withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import {
  initRecurrentBlock,
  type RecurrentBlockArgs,
  type RecurrentState,
  recurrentBlockArgs,
  recurrentBlockWith,
} from '../recurrent-block/index.ts';
import type { DecayOptions } from '../rg-lru/decay-power.ts';
import { checkSequence, type SequenceOptions } from '../sequence.ts';
import { gatedMlp, initGatedMlp } from './gated-mlp.ts';

/** Options of a residual block. */
export interface ResidualBlockOptions extends SequenceOptions<RecurrentState>, DecayOptions {
  /** Epsilon of the norms. Default: 1e-6. */
  readonly eps?: number;
}

/**
 * The residual block of Griffin (arXiv 2402.19427, section 2.1) and TRecViT (arXiv 2412.14294): r = x + recurrentBlock(RMSNorm(x)),
 * and, where the parameters have an MLP, r + gatedMlp(RMSNorm(r)). The norms scale by 1 + `scale`.
 *
 * @param x `[rows, T, D]` or `[B, T, N, D]`, float32.
 * @param params `temporal_pre_norm/scale` `[D]`, what `recurrentBlock` reads below `recurrent_block/`, and for the MLP
 * `channel_pre_norm/scale` `[D]` and what `gatedMlp` reads below `mlp_block/`.
 * @returns `y` of the shape of `x`, and the state after the last step; all the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another number outside of its range.
 */
export function residualBlock(
  x: tf.Tensor,
  params: Params,
  options: ResidualBlockOptions = {},
): { y: tf.Tensor; state: RecurrentState } {
  checkSequence('residualBlock', x, options, ['decayPower', 'eps']);
  const { eps = 1e-6, ...ofBlock } = options;
  checkNumber('eps', eps, 0);
  checkParams(params);
  const width = x.shape.at(-1) ?? 1;
  const mlp = subtree(params, 'mlp_block/');
  const hasMlp = Object.keys(mlp).length > 0 || 'channel_pre_norm/scale' in params;
  return tf.tidy(() => {
    const block = subtree(params, 'recurrent_block/');
    const scale = checkedParam(params, 'temporal_pre_norm/scale', [width]);
    const { y: residual, state } = recurrentBlockWith(x, block, ofBlock, { scale, eps });
    if (!hasMlp) return { y: residual, state };
    const mlpScale = checkedParam(params, 'channel_pre_norm/scale', [width]);
    const normed = rmsNorm(residual, mlpScale, { eps, offset: 1 });
    return { y: tf.add(residual, gatedMlp(normed, mlp)), state };
  });
}

/** Sizes of a residual block. */
export interface ResidualBlockArgs extends RecurrentBlockArgs {
  /** The width F of the MLP's hidden layer. Without it there is no MLP. */
  readonly mlpWidth?: number;
}

/**
 * Weights to start with, as RecurrentGemma has them: those of `initRecurrentBlock` and `initGatedMlp`, and norms of 0.
 *
 * @returns tensors by the names that `residualBlock` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError | RangeError as `initRecurrentBlock` and `initGatedMlp` do.
 */
export function initResidualBlock(
  key: RandomKey,
  args: ResidualBlockArgs,
): Record<string, tf.Tensor> {
  checkOptions('initResidualBlock', args, [...recurrentBlockArgs, 'mlpWidth']);
  const keyOf = (name: string) => subkey(key, name);
  const { mlpWidth, ...block } = args;
  const { width, outVariance = 1 } = block;
  if (mlpWidth !== undefined) checkSizes({ mlpWidth });
  const recurrent = initRecurrentBlock(keyOf('recurrent_block'), block);
  const sizes = { width, mlpWidth: mlpWidth ?? 0, outVariance };
  return {
    ...withPrefix(recurrent, 'recurrent_block/'),
    'temporal_pre_norm/scale': tf.zeros([width]),
    ...(mlpWidth === undefined
      ? {}
      : {
          'channel_pre_norm/scale': tf.zeros([width]),
          ...withPrefix(initGatedMlp(keyOf('mlp_block'), sizes), 'mlp_block/'),
        }),
  };
}
