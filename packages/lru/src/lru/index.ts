import {
  checkObject,
  checkOptions,
  checkSizes,
  checkTensor,
  described,
  type RandomKey,
  randomUniform,
  subkey,
} from '@neverend/backend';
import { checkedParam, normal, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { cosine, sine } from '../cos-sin.ts';
import { held, passing, withoutMasked } from '../mask.ts';
import { complexLinearScan } from '../scan/index.ts';
import { checkSequence, type RecurrenceOptions, resetMask } from '../sequence.ts';
import type { Complex } from '../types.ts';

/**
 * The linear recurrent unit (arXiv 2303.06349, section 3): with lambda = exp(-exp(nu_log) + i exp(theta_log)),
 *
 *     h_t = lambda h_{t-1} + exp(gamma_log) (B x_t),  y_t = Re(C h_t) + D x_t,
 *
 * where h, lambda, B and C are complex. A step with `segmentPos` 0 forgets what came before.
 *
 * @param x `[rows, T, D]` or `[B, T, N, D]`, float32.
 * @param params `nu_log`, `theta_log`, `gamma_log` `[E]`; `B_re`, `B_im` `[E, D]`; `C_re`, `C_im` `[D, E]`; `D` `[D]`.
 * @param options `state`: `[rows, E]` or `[B, N, E]` each.
 * @returns `y` of the shape of `x`, and `state`, the last h; all the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function lru(
  x: tf.Tensor,
  params: Params,
  options: RecurrenceOptions<Complex> = {},
): { y: tf.Tensor; state: Complex } {
  checkSequence('lru', x, options, ['mask', 'reverse']);
  const { state, mask, reverse } = options;
  const inputs = x.shape.at(-1) ?? 1;
  const nuLog = checkedParam(params, 'nu_log', ['E']);
  const width = nuLog.size;
  const thetaLog = checkedParam(params, 'theta_log', [width]);
  const gammaLog = checkedParam(params, 'gamma_log', [width]);
  const [bRe, bIm] = ['B_re', 'B_im'].map((name) =>
    checkedParam(params, name, [width, inputs]),
  ) as [tf.Tensor2D, tf.Tensor2D];
  const [cRe, cIm] = ['C_re', 'C_im'].map((name) =>
    checkedParam(params, name, [inputs, width]),
  ) as [tf.Tensor2D, tf.Tensor2D];
  const skip = checkedParam(params, 'D', [inputs]);
  const shape = [...x.shape.slice(0, -1), width];
  if (state !== undefined) {
    checkObject('state', state, 'with re and im');
    const stateShape = [x.shape[0] ?? 1, ...shape.slice(2)];
    checkTensor('state.re', state.re, stateShape);
    checkTensor('state.im', state.im, stateShape);
  }
  return tf.tidy(() => {
    const input = withoutMasked(x, mask);
    const rows = tf.reshape(input, [-1, inputs]) as tf.Tensor2D;
    const gamma = tf.exp(gammaLog);
    const driven = tf
      .split(tf.matMul(rows, tf.concat([bRe, bIm]), false, true), 2, 1)
      .map((part) => tf.reshape(tf.mul(part, gamma), shape)) as [tf.Tensor, tf.Tensor];
    const a = eigenvalues(nuLog, thetaLog).map((part) => overTime(part, x, options)) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const { y: h, state: last } = complexLinearScan(
      { re: driven[0], im: driven[1] },
      { re: passing(a[0], mask), im: passing(a[1], mask, 0) },
      { initialState: state, reverse },
    );
    const states = tf.concat([h.re, h.im], -1);
    const out = tf.concat([cRe, tf.neg(cIm)], 1) as tf.Tensor2D;
    const y = tf.matMul(tf.reshape(states, [-1, 2 * width]) as tf.Tensor2D, out, false, true);
    const sum = tf.add(tf.reshape(y, x.shape), tf.mul(input, skip));
    return { y: held(sum, mask, { reverse }), state: { ...last } };
  });
}

/** exp(-exp(nu_log) + i exp(theta_log)): real and imaginary parts, `[E]`. */
function eigenvalues(nuLog: tf.Tensor, thetaLog: tf.Tensor): tf.Tensor[] {
  const magnitude = tf.exp(tf.neg(tf.exp(nuLog)));
  const phase = tf.exp(thetaLog);
  return [tf.mul(magnitude, cosine(phase)), tf.mul(magnitude, sine(phase))];
}

/** `[E]` at every step of every row, and 0 where a sequence begins. */
function overTime(part: tf.Tensor, x: tf.Tensor, options: RecurrenceOptions<Complex>): tf.Tensor {
  const [outer, steps] = x.shape as [number, number];
  const between = x.shape.slice(2, -1);
  const shape = [outer, steps, ...between.map(() => 1), 1];
  const going = tf.sub(1, tf.reshape(resetMask(x, options, true), shape));
  // broadcastTo copies number by number on wasm: a hundred times as slow.
  return tf.add(tf.mul(going, part), tf.zeros([outer, steps, ...between, part.size]));
}

/** Sizes of a linear recurrent unit, and where its eigenvalues start. */
export interface LruArgs {
  /** The width D of the input and output. */
  readonly width: number;
  /** The number E of complex states. Default: D. */
  readonly lruWidth?: number;
  /** The inner radius of the ring in which the eigenvalues start, uniform by area. Default: 0. */
  readonly minRadius?: number;
  /** The outer radius of this ring. Default: 1. */
  readonly maxRadius?: number;
  /** The phases of the eigenvalues start uniform from 0 to this angle. Default: 2 π. */
  readonly maxPhase?: number;
}

/**
 * Weights to start with (arXiv 2303.06349, appendix A): eigenvalues in a ring; gamma_log = log sqrt(1 - |lambda|²); B normal with
 * a variance of 1 / (2 D), C with 1 / E, for the real and the imaginary part each, and D with 1.
 *
 * @returns tensors by the names that `lru` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless both widths are positive integers. @throws RangeError unless 0 <= `minRadius` < `maxRadius` <= 1 and
 * `maxPhase` is above 0 and finite.
 */
export function initLru(key: RandomKey, args: LruArgs): Record<string, tf.Tensor> {
  checkOptions('initLru', args, ['width', 'lruWidth', 'minRadius', 'maxRadius', 'maxPhase']);
  const { width, lruWidth = width, minRadius = 0, maxRadius = 1, maxPhase = 2 * Math.PI } = args;
  checkSizes({ width, lruWidth });
  const areNumbers = Number.isFinite(minRadius) && Number.isFinite(maxRadius);
  if (!(areNumbers && minRadius >= 0 && minRadius < maxRadius && maxRadius <= 1)) {
    throw new RangeError(
      `minRadius and maxRadius were ${described(minRadius)} and ${described(maxRadius)}; they must be in [0, 1], the first below the second`,
    );
  }
  if (!(Number.isFinite(maxPhase) && maxPhase > 0)) {
    throw new RangeError(`maxPhase was ${described(maxPhase)}; it must be a finite number above 0`);
  }
  const keyOf = (name: string) => subkey(key, name);
  // In the middle between the numbers that the generator gives, so that no logarithm meets 0.
  const uniform = (name: string) =>
    Array.from(randomUniform(keyOf(name), lruWidth), (u) => u + 2 ** -25);
  const squares = uniform('radius').map(
    (u) => u * (maxRadius ** 2 - minRadius ** 2) + minRadius ** 2,
  );
  const complex = (name: string, shape: readonly number[], deviation: number) =>
    Object.fromEntries(
      ['re', 'im'].map((part) => {
        const of = `${name}_${part}`;
        return [of, normal(keyOf(of), shape, deviation)];
      }),
    );
  return {
    nu_log: tf.tensor1d(squares.map((square) => Math.log(-0.5 * Math.log(square)))),
    theta_log: tf.tensor1d(uniform('phase').map((u) => Math.log(maxPhase * u))),
    gamma_log: tf.tensor1d(squares.map((square) => 0.5 * Math.log1p(-square))),
    ...complex('B', [lruWidth, width], 1 / Math.sqrt(2 * width)),
    ...complex('C', [width, lruWidth], 1 / Math.sqrt(lruWidth)),
    D: normal(keyOf('D'), [width], 1),
  };
}
