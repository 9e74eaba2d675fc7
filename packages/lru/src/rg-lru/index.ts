import { checkOptions, checkSizes, checkTensor, type RandomKey, subkey } from '@neverend/backend';
import { checkedParam, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { passing, withoutMasked } from '../mask.ts';
import { rgLruGates } from '../rg-lru-gates/index.ts';
import { linearScan } from '../scan/index.ts';
import { checkSequence, type RecurrenceOptions, resetMask, withTime } from '../sequence.ts';
import { blockDiagonal, gateBlocks } from './block-diagonal.ts';
import { type DecayOptions, poweredParam } from './decay-power.ts';
import { initGates, type RgLruArgs, rgLruArgs, ringParam } from './init.ts';

/**
 * The real-gated linear recurrent unit of Griffin (arXiv 2402.19427, section 2.4) as RecurrentGemma computes it:
 *
 *     i_t = sigmoid(input_gate(x_t)),  r_t = sigmoid(a_gate(x_t)),  a_t = exp(-c r_t softplus(a_param)),
 *     h_t = a_t h_{t-1} + sqrt(1 - a_t²) i_t x_t,
 *
 * where the first step of a sequence (`segmentPos` 0) has a_t = 0 and 1 in place of the root. The gates are linear layers out of
 * H blocks, and c is 8 where `decayPower` does not say otherwise. In the backward pass the root's slope counts as at most 1000, and the gates' results are computed again, not kept.
 *
 * @param x `[rows, T, E]` or `[B, T, N, E]`, float32.
 * @param params `a_param` `[E]`; `input_gate/w`, `a_gate/w` `[H, E/H, E/H]`; `input_gate/b`, `a_gate/b` `[H, E/H]`.
 * @param options `state`: `[rows, E]` or `[B, N, E]`, float32; `decayPower`: c. With `reverse` the recurrence goes from the last step to the first.
 * @returns `y`, every h_t, of the shape of `x`, and `state`, the last of them; both the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError unless `decayPower` is above 0.
 */
export function rgLru(
  x: tf.Tensor,
  params: Params,
  options: RecurrenceOptions<tf.Tensor> & DecayOptions = {},
): { y: tf.Tensor; state: tf.Tensor } {
  checkSequence('rgLru', x, options, ['decayPower', 'mask', 'reverse']);
  const { state, mask, reverse, decayPower } = options;
  const width = x.shape.at(-1) ?? 1;
  const aParam = checkedParam(params, 'a_param', [width]);
  const layers = gateBlocks(params, width, width);
  if (state !== undefined) checkTensor('state', state, withTime(x));
  return tf.tidy(() => {
    const [outer, steps] = x.shape as [number, number];
    const shape = [outer * steps, x.rank === 4 ? (x.shape[2] ?? 1) : 1, width];
    const input = withoutMasked(x, mask);
    const gates = blockDiagonal(tf.reshape(input, [-1, width]), [
      layers.inputGate,
      layers.recurrenceGate,
    ]).map((gate) => tf.reshape(gate, shape));
    const [inputGate, recurrenceGate] = gates as [tf.Tensor, tf.Tensor];
    const reset = tf.reshape(resetMask(x, options, state !== undefined), [-1]);
    const { a, gated } = rgLruGates({
      x: tf.reshape(input, shape),
      inputGate,
      recurrenceGate,
      aParam: poweredParam(aParam, decayPower),
      reset,
    });
    const factors = passing(tf.reshape(a, x.shape), mask);
    return linearScan(tf.reshape(gated, x.shape), factors, { initialState: state, reverse });
  });
}

/**
 * Weights to start with, as RecurrentGemma has them: eigenvalues in a ring, gates normal with a standard deviation of
 * 1 / sqrt(E), biases 0.
 *
 * @returns tensors by the names that `rgLru` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless `width` is a positive integer that `heads` divides. @throws RangeError for radii that are not
 * 0 <= `minRadius` < `maxRadius` < 1.
 */
export function initRgLru(key: RandomKey, args: RgLruArgs): Record<string, tf.Tensor> {
  checkOptions('initRgLru', args, rgLruArgs);
  const { width, heads, minRadius = 0.9, maxRadius = 0.999 } = args;
  checkSizes({ width });
  const keyOf = (name: string) => subkey(key, name);
  return tf.tidy(() => ({
    a_param: ringParam(keyOf('a_param'), width, minRadius, maxRadius),
    ...initGates(key, { width, outputWidth: width, heads }),
  }));
}
