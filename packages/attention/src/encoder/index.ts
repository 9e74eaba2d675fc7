import {
  checkedSize,
  checkFlag,
  checkOptions,
  checkTensor,
  type RandomKey,
  subkey,
} from '@neverend/backend';
import {
  checkedParam,
  checkParams,
  dropoutAt,
  layerNorm,
  type Params,
  subtree,
  withPrefix,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import {
  checkEncoderBlock,
  type EncoderBlockOptions,
  encoderBlock,
  encoderBlockOptions,
  type InitEncoderBlockOptions,
  initEncoderBlock,
  initEncoderBlockOptions,
} from '../encoder-block/index.ts';

/** Options of a stack of encoder blocks; every block has keys for dropout of its own, made of those given. */
export interface EncoderOptions extends EncoderBlockOptions {
  /** Number of blocks. */
  readonly depth: number;
  /** Whether a norm comes last; true where it is left out. */
  readonly finalNorm?: boolean | undefined;
}

/**
 * A stack of pre-LN encoder blocks and, with `finalNorm`, a layer norm (arXiv 2010.11929, equations 2 to 4).
 *
 * @param x `[rows, N, D]`, float32.
 * @param params what `encoderBlock` reads below `encoderblock_0/`, `encoderblock_1/` and so on; `encoder_norm/scale` and
 * `encoder_norm/bias` `[D]`. `vitParams` gives them from a checkpoint.
 * @returns `[rows, N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a number outside of its range.
 * @throws TypeError for an unknown option.
 */
export function encoder(x: tf.Tensor, params: Params, options: EncoderOptions): tf.Tensor {
  checkOptions('encoder', options, ['depth', 'finalNorm', ...encoderBlockOptions]);
  const { depth, finalNorm = true, dropout, attentionDropout, ...ofBlocks } = options;
  checkTensor('x', x, ['rows', 'N', 'D']);
  checkedSize('depth', depth, 0);
  checkFlag('finalNorm', finalNorm);
  checkEncoderBlock(options);
  checkParams(params);
  const width = x.shape[2] ?? 1;
  const norm = ['scale', 'bias'].map((part) =>
    finalNorm ? checkedParam(params, `encoder_norm/${part}`, [width]) : undefined,
  );
  return tf.tidy(() => {
    let y = x;
    for (let index = 0; index < depth; index++) {
      y = encoderBlock(y, subtree(params, `encoderblock_${index}/`), {
        ...ofBlocks,
        dropout: dropoutAt(dropout, index),
        attentionDropout: dropoutAt(attentionDropout, index),
      });
    }
    const [scale, bias] = norm;
    // Without a block and a norm, `x` stays the caller's.
    if (!scale || !bias) return tf.clone(y);
    return layerNorm(y, scale, bias, options.eps);
  });
}

/** Sizes of the parameters of a stack of encoder blocks. */
export interface InitEncoderOptions extends InitEncoderBlockOptions {
  /** Number of blocks. */
  readonly depth: number;
}

/**
 * Weights of a stack of encoder blocks: those of `initEncoderBlock`, another draw for each block, and a norm of 1 and 0.
 *
 * @returns tensors by the names that `encoder` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError as `initEncoderBlock` does, or unless `depth` is an integer >= 0. @throws TypeError for an unknown option.
 */
export function initEncoder(
  key: RandomKey,
  options: InitEncoderOptions,
): Record<string, tf.Tensor> {
  checkOptions('initEncoder', options, ['depth', ...initEncoderBlockOptions]);
  const { depth, ...sizes } = options;
  checkedSize('depth', depth, 0);
  const blocks = Array.from({ length: depth }, (_, index) => {
    const block = initEncoderBlock(subkey(key, 'block', index), sizes);
    return withPrefix(block, `encoderblock_${index}/`);
  });
  return {
    ...Object.assign({}, ...blocks),
    'encoder_norm/scale': tf.ones([sizes.width]),
    'encoder_norm/bias': tf.zeros([sizes.width]),
  };
}
