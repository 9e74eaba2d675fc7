import { checkTensor, layerNorm } from '@neverend/backend';
import { checkedParam, checkedSize, type Params, paramsBelow } from '@neverend/backend/params';
import * as tf from '@tensorflow/tfjs-core';
import { dropoutAt } from '../dropout/index.ts';
import { type EncoderBlockOptions, encoderBlock } from '../encoder-block/index.ts';

/** Options of a stack of encoder blocks; every block has keys for dropout of its own, made of those given. */
export interface EncoderOptions extends EncoderBlockOptions {
  /** Number of blocks. */
  readonly depth: number;
}

/**
 * A stack of pre-LN encoder blocks and a layer norm (arXiv 2010.11929, equations 2 to 4).
 *
 * @param x `[rows, N, D]`, float32.
 * @param params what `encoderBlock` reads below `encoderblock_0/`, `encoderblock_1/` and so on; `encoder_norm/scale` and
 * `encoder_norm/bias` `[D]`. `vitParams` gives them from a checkpoint.
 * @returns `[rows, N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a number outside of its range.
 */
export function encoder(
  x: tf.Tensor,
  params: Params,
  { depth, dropout, attentionDropout, ...options }: EncoderOptions,
): tf.Tensor {
  checkTensor('x', x, ['rows', 'N', 'D']);
  checkedSize('depth', depth, 0);
  const width = x.shape[2] ?? 1;
  const scale = checkedParam(params, 'encoder_norm/scale', [width]);
  const bias = checkedParam(params, 'encoder_norm/bias', [width]);
  return tf.tidy(() => {
    let y = x;
    for (let index = 0; index < depth; index++) {
      y = encoderBlock(y, paramsBelow(params, `encoderblock_${index}/`), {
        ...options,
        dropout: dropoutAt(dropout, index),
        attentionDropout: dropoutAt(attentionDropout, index),
      });
    }
    return layerNorm(y, scale, bias, options.eps);
  });
}
