import { checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { Complex } from '../types.ts';
import { complexScan } from './complex.ts';
import { realScan } from './real.ts';

export interface LinearScanOptions<State> {
  /** The state before the first step: the shape of `x` without its time. Default: zeros. */
  readonly h0?: State;
  /** From the last step to the first. */
  readonly reverse?: boolean;
}

/**
 * The linear recurrence h_t = a_t h_{t-1} + x_t over the second axis, each number on its own: what the real-gated linear
 * recurrent unit (arXiv 2402.19427, equation 4) and other linear recurrent units run on. States add up in float32.
 * With T = 1 it is one step of a stream: pass the last state as `h0`.
 *
 * The backward pass keeps `a`, `h0` and the output. Products of `a` over the steps of a call must be finite in float32, as they are
 * for |a| <= 1: composites multiply them.
 *
 * @param a `[rows, T, E]` or `[B, T, N, E]`, float32. @param x the shape of `a`, float32.
 * @returns `y`, every h_t, of the shape of `x`, and `hLast`, the last of them, of the shape of `h0`; both the caller's to
 * dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function linearScan(
  a: tf.Tensor,
  x: tf.Tensor,
  { h0, reverse = false }: LinearScanOptions<tf.Tensor> = {},
): { y: tf.Tensor; hLast: tf.Tensor } {
  return tf.tidy(() => {
    const { lanes, state, whole, last } = layout({ x, a }, { h0 }, reverse);
    const [y] = realScan.run({ a: lanes(a), x: lanes(x), h0: state(h0) }, { reverse }) as [
      tf.Tensor,
    ];
    return { y: whole(y), hLast: last(y) };
  });
}

/**
 * `linearScan` of complex numbers (arXiv 2303.06349, equation 2), as pairs of float32 tensors. The gradients are those of
 * the real and of the imaginary parts as numbers of their own.
 *
 * @param a `[rows, T, E]` or `[B, T, N, E]` each. @param x the shape of `a`.
 * @returns `y` and `hLast` as `linearScan` does, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function complexLinearScan(
  a: Complex,
  x: Complex,
  { h0, reverse = false }: LinearScanOptions<Complex> = {},
): { y: Complex; hLast: Complex } {
  return tf.tidy(() => {
    const { lanes, state, whole, last } = layout(
      { 'x.re': x.re, 'x.im': x.im, 'a.re': a.re, 'a.im': a.im },
      { 'h0.re': h0?.re, 'h0.im': h0?.im },
      reverse,
    );
    const [re, im] = complexScan.run(
      {
        ...{ aRe: lanes(a.re), aIm: lanes(a.im), xRe: lanes(x.re), xIm: lanes(x.im) },
        ...{ h0Re: state(h0?.re), h0Im: state(h0?.im) },
      },
      { reverse },
    ) as [tf.Tensor, tf.Tensor];
    return { y: { re: whole(re), im: whole(im) }, hLast: { re: last(re), im: last(im) } };
  });
}

type Named = [name: string, tensor: tf.Tensor];

/** Checks sequences of one shape and their states, and takes all axes after time as one and back. */
function layout(
  sequences: Readonly<Record<string, tf.Tensor>>,
  states: Readonly<Record<string, tf.Tensor | undefined>>,
  reverse: boolean,
) {
  const [[name, first], ...others] = Object.entries(sequences) as [Named, ...Named[]];
  checkTensor(name, first, first.rank === 4 ? ['B', 'T', 'N', 'E'] : ['rows', 'T', 'E']);
  for (const [other, tensor] of others) checkTensor(other, tensor, first.shape);
  const [outer, length, ...rest] = first.shape as [number, number, ...number[]];
  const stateShape = [outer, ...rest];
  for (const [other, tensor] of Object.entries(states)) {
    if (tensor !== undefined) checkTensor(other, tensor, stateShape);
  }
  const inner = rest.reduce((product, n) => product * n, 1);
  return {
    lanes: (tensor: tf.Tensor) => tf.reshape(tensor, [outer, length, inner]),
    state: (tensor: tf.Tensor | undefined) =>
      tensor === undefined ? tf.zeros([outer, inner]) : tf.reshape(tensor, [outer, inner]),
    whole: (y: tf.Tensor) => tf.reshape(y, first.shape),
    last: (y: tf.Tensor) => {
      const start = [0, reverse ? 0 : length - 1, 0];
      return tf.reshape(tf.slice(y, start, [outer, 1, inner]), stateShape);
    },
  };
}
