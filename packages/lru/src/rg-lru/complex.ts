import {
  checkOptions,
  checkSizes,
  checkTensor,
  type RandomKey,
  randomUniform,
  remat,
  ShapeError,
  subkey,
} from '@neverend/backend';
import { checkedParam, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { cosine, sine } from '../cos-sin.ts';
import { passing, withoutMasked } from '../mask.ts';
import { gateTerms, whereGoing } from '../rg-lru-gates/composite.ts';
import { complexLinearScan } from '../scan/index.ts';
import { checkSequence, type RecurrenceOptions, resetMask, withTime } from '../sequence.ts';
import { blockDiagonal, gateBlocks } from './block-diagonal.ts';
import { type DecayOptions, poweredParam } from './decay-power.ts';
import { initGates, type RgLruArgs, rgLruArgs, ringParam } from './init.ts';

/**
 * `rgLru` with complex eigenvalues, the variant of RecurrentGemma that TRecViT does not use: a_t = exp(-c r_t softplus(a_param)
 * + i r_t a_imag_param), and h is complex. Complex numbers lie side by side on the last axis, first all E real parts, then all
 * imaginary parts, and both gates, which are real, see them as one vector of 2 E numbers.
 *
 * @param x `[rows, T, 2 E]` or `[B, T, N, 2 E]`, float32.
 * @param params `a_param`, `a_imag_param` `[E]`; `input_gate/w`, `a_gate/w` `[H, 2 E/H, E/H]`; `input_gate/b`, `a_gate/b` `[H, E/H]`.
 * @param options `state`: `[rows, 2 E]` or `[B, N, 2 E]`, float32; `decayPower`: c, 8 where it is left out.
 * @returns `y`, every h_t, of the shape of `x`, and `state`, the last of them; both the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError unless `decayPower` is above 0.
 */
export function complexRgLru(
  x: tf.Tensor,
  params: Params,
  options: RecurrenceOptions<tf.Tensor> & DecayOptions = {},
): { y: tf.Tensor; state: tf.Tensor } {
  checkSequence('complexRgLru', x, options, ['decayPower', 'mask', 'reverse']);
  const { state, mask, reverse, decayPower } = options;
  const width = (x.shape.at(-1) ?? 2) / 2;
  if (!Number.isInteger(width)) {
    throw new ShapeError(`x was [${x.shape.join(', ')}]; its last dimension must be even`);
  }
  const aParam = checkedParam(params, 'a_param', [width]);
  const aImagParam = checkedParam(params, 'a_imag_param', [width]);
  const layers = gateBlocks(params, 2 * width, width);
  if (state !== undefined) checkTensor('state', state, withTime(x));
  return tf.tidy(() => {
    const shape = [...x.shape.slice(0, -1), width];
    const [outer, steps] = x.shape as [number, number];
    const flat = [outer * steps, x.rank === 4 ? (x.shape[2] ?? 1) : 1, width];
    const input = withoutMasked(x, mask);
    const gates = blockDiagonal(tf.reshape(input, [-1, 2 * width]), [
      layers.inputGate,
      layers.recurrenceGate,
    ]).map((gate) => tf.reshape(gate, flat));
    const [inputGate, recurrenceGate] = gates as [tf.Tensor, tf.Tensor];
    const [re, im] = tf.split(input, 2, -1).map((part) => tf.reshape(part, flat)) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const reset = tf.reshape(resetMask(x, options, state !== undefined), [-1]);
    const powered = poweredParam(aParam, decayPower);
    const terms = recurrence(re, im, inputGate, recurrenceGate, powered, aImagParam, reset);
    const [aRe, aIm, xRe, xIm] = terms.map((term) => tf.reshape(term, shape)) as Four;
    const carried = state && tf.split(state, 2, -1);
    const initialState = carried && { re: carried[0] as tf.Tensor, im: carried[1] as tf.Tensor };
    const { y, state: last } = complexLinearScan(
      { re: xRe, im: xIm },
      { re: passing(aRe, mask), im: passing(aIm, mask, 0) },
      { initialState, reverse },
    );
    return { y: tf.concat([y.re, y.im], -1), state: tf.concat([last.re, last.im], -1) };
  });
}

type Four = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

/** Real and imaginary parts of a and of gamma i x, `[M, N, E]`; computed again in the backward pass. */
const recurrence = /* @__PURE__ */ remat(
  (
    re: tf.Tensor,
    im: tf.Tensor,
    inputGate: tf.Tensor,
    recurrenceGate: tf.Tensor,
    aParam: tf.Tensor,
    aImagParam: tf.Tensor,
    reset: tf.Tensor,
  ): tf.Tensor[] => {
    const gates = { inputGate, recurrenceGate, aParam, reset };
    const { gateI, gateR, going, a, gamma } = gateTerms(gates);
    const phase = tf.mul(gateR, aImagParam);
    const factor = tf.mul(gamma, gateI);
    return [
      whereGoing(tf.mul(a, cosine(phase)), going),
      whereGoing(tf.mul(a, sine(phase)), going),
      tf.mul(factor, re),
      tf.mul(factor, im),
    ];
  },
);

/**
 * Weights to start with, as RecurrentGemma has them: those of `initRgLru`, with gates from 2 E to E, and phases
 * `a_imag_param` uniform in [0, 0.1 π).
 *
 * @param args `width`: E, half of the last axis of the input. `heads`: must divide E.
 * @returns tensors by the names that `complexRgLru` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError | RangeError as `initRgLru` does.
 */
export function initComplexRgLru(key: RandomKey, args: RgLruArgs): Record<string, tf.Tensor> {
  checkOptions('initComplexRgLru', args, rgLruArgs);
  const { width, heads, minRadius = 0.9, maxRadius = 0.999 } = args;
  checkSizes({ width });
  const keyOf = (name: string) => subkey(key, name);
  const phases = Array.from(randomUniform(keyOf('a_imag_param'), width), (u) => 0.1 * Math.PI * u);
  return tf.tidy(() => ({
    a_param: ringParam(keyOf('a_param'), width, minRadius, maxRadius),
    a_imag_param: tf.tensor1d(phases),
    ...initGates(key, { width: 2 * width, outputWidth: width, heads }),
  }));
}
