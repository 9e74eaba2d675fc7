import {
  checkedSize,
  checkOptions,
  checkSizes,
  checkTensor,
  defineKernel,
  type Kernel,
  type RandomKey,
  ShapeError,
  subkey,
} from '@neverend/backend';
import { checkedParam, normal, type Params, paramLabel } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { held, type MaskOption, withoutMasked } from '../mask.ts';
import { checkSequence, resetMask, type SequenceOptions, withTime } from '../sequence.ts';
import { convForwardCases } from './cases.ts';
import { convComposite, tapMasks } from './composite.ts';
import { temporalConvGrad } from './gradient.ts';
import { temporalConvTensorflow } from './kernels/tensorflow.ts';
import { temporalConvWasm } from './kernels/wasm.ts';
import { temporalConvWebgpu } from './kernels/webgpu.ts';
import type { ConvAttrs, ConvGradInputs, ConvInputs } from './types.ts';

/**
 * Causal depthwise convolution over time with K taps (arXiv 2402.19427, section 2.3): y_t = b + w_{K-1} x_t + w_{K-2} x_{t-1} + … + w_0 x_{t-K+1}, each
 * channel on its own. Before the first step are zeros, or the `state` of the call before: a whole clip, single frames and
 * chunks of any length give the same.
 *
 * A step with `segmentPos` 0 begins anew: no tap reaches over it, and the returned state has zeros for what lies before it. (In
 * RecurrentGemma the state keeps it, and with a state no step begins anew.)
 *
 * @param x `[rows, T, E]` or `[B, T, N, E]`, float32. @param params `w` `[K, E]` with K of at least 2, and `b` `[E]`.
 * @param options `state`: `[rows, K-1, E]` or `[B, K-1, N, E]`.
 * @returns `y` of the shape of `x`, and `state`, the last K-1 steps; both the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function temporalConv(
  x: tf.Tensor,
  params: Params,
  options: SequenceOptions<tf.Tensor> & MaskOption = {},
): { y: tf.Tensor; state: tf.Tensor } {
  checkSequence('temporalConv', x, options, ['mask']);
  const { segmentPos, state, mask } = options;
  const width = x.shape.at(-1) ?? 1;
  const { w, b } = checkedConv(params, width);
  const taps = w.shape[0] ?? 1;
  if (state !== undefined) checkTensor('state', state, withTime(x, taps - 1));
  return tf.tidy(() => {
    const [outer, steps] = x.shape as [number, number];
    const before = state ?? tf.zeros(withTime(x, taps - 1));
    if (mask !== undefined) return ofUnmasked(x, { w, b }, before, mask);
    const tokens = x.rank === 4 ? (x.shape[2] ?? 1) : 1;
    const padded = tf.reshape(tf.concat([before, x], 1), [outer, -1, tokens, width]);
    const hasResets = segmentPos !== undefined;
    // What comes before the first step of all is zeros, so that only given positions mask anything.
    const reset = resetMask(x, options, true);
    const [y] = temporalConvKernel.run({ x: padded, w, b, reset }, { hasResets }) as [tf.Tensor];
    const last = tf.slice(padded, [0, steps, 0, 0], [outer, taps - 1, tokens, width]);
    return {
      y: tf.reshape(y, x.shape),
      state: tf.reshape(
        hasResets ? tf.where(stateMask(reset, last.shape), last, tf.zerosLike(last)) : last,
        withTime(x, taps - 1),
      ),
    };
  });
}

/** The convolution of the steps that count, each of which meets those that count before it. */
function ofUnmasked(
  x: tf.Tensor,
  { w, b }: { readonly w: tf.Tensor; readonly b: tf.Tensor },
  before: tf.Tensor,
  mask: tf.Tensor,
): { y: tf.Tensor; state: tf.Tensor } {
  const [taps, width] = w.shape as [number, number];
  const steps = x.shape[1] ?? 1;
  const stepsOf = (of: tf.Tensor, from: number, count: number) =>
    tf.slice(of, [0, from], [of.shape[0] ?? 1, count]);
  const weights = (back: number) =>
    tf.reshape(tf.slice(w, [taps - 1 - back, 0], [1, width]), [width]);
  let met = withoutMasked(x, mask);
  let y = tf.add(tf.mul(met, weights(0)), b);
  const last: tf.Tensor[] = [];
  for (let back = 1; back < taps; back++) {
    // What a step meets as many steps that count before it, and at its end the state's place for the next call.
    const first = stepsOf(before, taps - 1 - back, 1);
    const after = held(met, mask, { initialState: tf.squeeze(first, [1]) });
    last.unshift(stepsOf(after, steps - 1, 1));
    met = steps === 1 ? first : tf.concat([first, stepsOf(after, 0, steps - 1)], 1);
    y = tf.add(y, tf.mul(met, weights(back)));
  }
  return { y: held(y, mask), state: tf.concat(last, 1) };
}

/** The convolution's parameters, checked against the width of the input. @throws ShapeError also for fewer than two taps. */
export function checkedConv(
  params: Params,
  width: number,
): { readonly w: tf.Tensor; readonly b: tf.Tensor } {
  const w = checkedParam(params, 'w', ['K', width]);
  const b = checkedParam(params, 'b', [width]);
  const taps = w.shape[0] ?? 1;
  if (taps < 2) {
    throw new ShapeError(`${paramLabel(params, 'w')} had ${taps} tap; it must have at least 2`);
  }
  return { w, b };
}

/** False for what lies before the last beginning of a sequence; of the shape of a state `[outer, K-1, N, E]`. */
function stateMask(reset: tf.Tensor2D, shape: readonly number[]): tf.Tensor {
  const [outer, steps] = reset.shape;
  const before = shape[1] ?? 1;
  const columns = tapMasks(reset, before).map((mask) => tf.slice(mask, [0, steps - 1], [outer, 1]));
  const mask = tf.reshape(tf.concat(columns.reverse(), 1), [outer, before, 1, 1]);
  return tf.broadcastTo(tf.equal(mask, 0), [...shape]);
}

/** What `temporalConv` runs on, with the steps that came before in front of the others. */
export const temporalConvKernel: Kernel<ConvInputs, ConvAttrs> = defineKernel<
  ConvInputs,
  ConvAttrs
>({
  name: 'NeverendTemporalConv',
  composite: convComposite,
  gradient: {
    saveInputs: ['x', 'w', 'reset'],
    backward: ([dy], [x, w, reset], attrs) => {
      const call = { dy, x, w, reset } as ConvGradInputs;
      const [dx, dw, db] = temporalConvGrad.run(call, attrs) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return { x: () => dx, w: () => dw, b: () => db };
    },
  },
  backendKernels: {
    wasm: temporalConvWasm,
    webgpu: temporalConvWebgpu,
    tensorflow: temporalConvTensorflow,
  },
  code: import.meta.neverendCode,
  cases: convForwardCases,
  flops: ({ inputs: { w, reset, x } }) => 2 * w.size * reset.size * (x.shape[2] ?? 1),
});

/**
 * Weights to start with, as RecurrentGemma has them: normal with a variance of 0.01 / K, biases 0.
 *
 * @param sizes `width`: E. `taps`: K; default 4.
 * @returns `w` and `b`, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless `width` is a positive integer and `taps` one from 2 on.
 */
export function initTemporalConv(
  key: RandomKey,
  sizes: { readonly width: number; readonly taps?: number },
): Record<string, tf.Tensor> {
  checkOptions('initTemporalConv', sizes, ['width', 'taps']);
  const { width, taps = 4 } = sizes;
  checkSizes({ width });
  checkTaps('taps', taps);
  return {
    w: normal(subkey(key, 'w'), [taps, width], Math.sqrt(0.01 / taps)),
    b: tf.zeros([width]),
  };
}

/** @throws ShapeError naming a number of taps that is no integer from 2 on. */
export function checkTaps(name: string, taps: number): void {
  checkedSize(name, taps, 2);
}
