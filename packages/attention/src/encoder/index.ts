import { checkTensor, layerNorm } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkedParam } from '../checks.ts';
import { encoderBlock } from '../encoder-block/index.ts';
import { type Params, paramsBelow } from '../params.ts';

/**
 * A stack of pre-LN encoder blocks and a layer norm (arXiv 2010.11929, equations 2 to 4).
 *
 * @param x `[rows, N, D]`, float32.
 * @param params what `encoderBlock` reads below `encoderblock_0/`, `encoderblock_1/` and so on; `encoder_norm/scale` and
 * `encoder_norm/bias` `[D]`. `vitParams` gives them from a checkpoint.
 * @returns `[rows, N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function encoder(
  x: tf.Tensor,
  params: Params,
  { depth, heads }: { readonly depth: number; readonly heads: number },
): tf.Tensor {
  checkTensor('x', x, ['rows', 'N', 'D']);
  const width = x.shape[2] ?? 1;
  const scale = checkedParam(params, 'encoder_norm/scale', [width]);
  const bias = checkedParam(params, 'encoder_norm/bias', [width]);
  return tf.tidy(() => {
    let y = x;
    for (let index = 0; index < depth; index++) {
      y = encoderBlock(y, paramsBelow(params, `encoderblock_${index}/`), { heads });
    }
    return layerNorm(y, scale, bias);
  });
}
