import {
  checkNumber,
  checkObject,
  checkOptions,
  checkSizes,
  checkTensor,
  defineKernel,
  type RandomKey,
  subkey,
} from '@neverend/backend';
import { recordsGradients } from '@neverend/backend/kernels';
import {
  checkedParam,
  initLinear,
  linear,
  linearParams,
  normLinear,
  type Params,
  subtree,
  withPrefix,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { gatedRecurrence, recurrenceFlops } from '../gated-recurrence/index.ts';
import type { GatedRecurrenceAttrs, GatedRecurrenceInputs } from '../gated-recurrence/types.ts';
import { held, type MaskOption, withoutMasked } from '../mask.ts';
import { gateBlocks } from '../rg-lru/block-diagonal.ts';
import { complexRgLru } from '../rg-lru/complex.ts';
import { type DecayOptions, poweredParam } from '../rg-lru/decay-power.ts';
import { initRgLru, rgLru } from '../rg-lru/index.ts';
import type { RgLruArgs } from '../rg-lru/init.ts';
import { checkSequence, resetMask, type SequenceOptions, withTime } from '../sequence.ts';
import { checkedConv, checkTaps, initTemporalConv, temporalConv } from '../temporal-conv/index.ts';
import { recurrentBlockCases } from './cases.ts';
import { recurrentBlockComposite } from './composite.ts';
import { recurrentBlockTensorflow } from './kernels/tensorflow.ts';
import type { RecurrentBlockAttrs, RecurrentBlockInputs } from './types.ts';

/** What a recurrent block needs of the steps before. */
export type RecurrentState = {
  /** The state of the recurrent unit, `[rows, E]` or `[B, N, E]`. */
  readonly rgLru: tf.Tensor;
  /** The last steps that the convolution took, `[rows, K-1, E]` or `[B, K-1, N, E]`. */
  readonly conv: tf.Tensor;
};

/**
 * The recurrent block of Griffin (arXiv 2402.19427, section 2.3): linear_out(RG-LRU(conv(linear_x x)) · GELU(linear_y x)), with
 * the tanh form of GELU.
 *
 * @param x `[rows, T, D]` or `[B, T, N, D]`, float32.
 * @param params `linear_x/kernel`, `linear_y/kernel` `[D, E]` and their `bias` `[E]`; what `temporalConv` reads below `conv_1d/`;
 * what `rgLru` reads below `rg_lru/`, or, with an `a_imag_param` there, `complexRgLru`; `linear_out/kernel` `[E, D]`, `linear_out/bias` `[D]`.
 * @returns `y` of the shape of `x`, and the state after the last step; all the caller's to dispose.
 * @param options `decayPower`: as `rgLru` takes it.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError unless `decayPower` is above 0.
 */
export function recurrentBlock(
  x: tf.Tensor,
  params: Params,
  options: SequenceOptions<RecurrentState> & DecayOptions & MaskOption = {},
): { y: tf.Tensor; state: RecurrentState } {
  return recurrentBlockWith(x, params, options);
}

/** `recurrentBlock`; with a norm, x + recurrentBlock(RMSNorm(x)). */
export function recurrentBlockWith(
  x: tf.Tensor,
  params: Params,
  options: SequenceOptions<RecurrentState> & DecayOptions & MaskOption,
  norm?: { readonly scale: tf.Tensor; readonly eps: number },
): { y: tf.Tensor; state: RecurrentState } {
  checkSequence('recurrentBlock', x, options, ['decayPower', 'mask']);
  const { state, mask } = options;
  const width = x.shape.at(-1) ?? 1;
  const linearX = linearParams(params, 'linear_x', width);
  const inner = linearX.kernel.shape[1] ?? 1;
  const linearY = linearParams(params, 'linear_y', width, inner);
  const linearOut = linearParams(params, 'linear_out', inner, width);
  const conv1d = subtree(params, 'conv_1d/');
  if (state !== undefined) {
    checkObject('state', state, 'with rgLru and conv');
    const taps = checkedParam(conv1d, 'w', ['K', inner]).shape[0] ?? 1;
    const widened = (steps?: number) => [...withTime(x, steps).slice(0, -1), inner];
    checkTensor('state.rgLru', state.rgLru, widened());
    checkTensor('state.conv', state.conv, widened(taps - 1));
  }
  return tf.tidy(() => {
    const below = subtree(params, 'rg_lru/');
    const isReal = !('a_imag_param' in below);
    if (norm !== undefined && isReal) {
      const { inputs, attrs } = recurrenceOf(x, inner, conv1d, below, options);
      const all = {
        ...{ ...inputs, x, scale: norm.scale, yKernel: linearY.kernel, yBias: linearY.bias },
        ...{ xKernel: linearX.kernel, xBias: linearX.bias },
        ...{ outKernel: linearOut.kernel, outBias: linearOut.bias },
      };
      return residualRecurrence(all, { ...attrs, eps: norm.eps });
    }
    const input = withoutMasked(x, mask);
    const layers = [{ ...linearY, activation: 'gelu' } as const, linearX];
    const [gate, wide] = (
      norm === undefined
        ? layers.map(({ kernel, bias, ...activation }) => linear(input, kernel, bias, activation))
        : normLinear(x, norm, layers)
    ) as [tf.Tensor, tf.Tensor];
    const mix = isReal && mask === undefined ? mixInOne : mixInParts(isReal ? rgLru : complexRgLru);
    const { y, ...after } = mix(wide, gate, conv1d, below, options);
    const residual = norm && x;
    const out = linear(y, linearOut.kernel, linearOut.bias, { residual });
    return { y: held(out, mask), state: after };
  });
}

/** What is between the linear layers: the convolution, the recurrent unit, and the product with the gate. */
type Mix = (
  x: tf.Tensor,
  gate: tf.Tensor,
  conv1d: Params,
  unit: Params,
  options: SequenceOptions<RecurrentState> & DecayOptions & MaskOption,
) => RecurrentState & { readonly y: tf.Tensor };

const mixInOne: Mix = (x, gate, conv1d, unit, options) => {
  const { inputs, attrs } = recurrenceOf(x, x.shape.at(-1) ?? 1, conv1d, unit, options);
  const { y, state, conv } = gatedRecurrence({ ...inputs, x, gate }, attrs);
  return { y, rgLru: state, conv };
};

/** What a gated recurrence of this width takes beside `x` and `gate`, for the steps of `x`. */
function recurrenceOf(
  x: tf.Tensor,
  width: number,
  conv1d: Params,
  unit: Params,
  { segmentPos, state, decayPower }: SequenceOptions<RecurrentState> & DecayOptions,
): { inputs: Omit<GatedRecurrenceInputs, 'x' | 'gate'>; attrs: GatedRecurrenceAttrs } {
  const aParam = poweredParam(checkedParam(unit, 'a_param', [width]), decayPower);
  const { inputGate, recurrenceGate } = gateBlocks(unit, width, width);
  const hasResets = segmentPos !== undefined;
  const inputs = {
    ...{ aParam, ...checkedConv(conv1d, width) },
    ...{ inputW: inputGate.w, inputB: inputGate.b },
    ...{ recurrenceW: recurrenceGate.w, recurrenceB: recurrenceGate.b },
    // What there is not is not looked at.
    ...{ conv: state?.conv ?? aParam, state: state?.rgLru ?? aParam },
    reset: hasResets ? resetMask(x, { segmentPos }, true) : aParam,
  };
  return { inputs, attrs: { hasState: state !== undefined, hasResets } };
}

/** Where no gradient is recorded, `tensorflow` has one kernel for all of it. */
function residualRecurrence(
  inputs: RecurrentBlockInputs,
  attrs: RecurrentBlockAttrs,
): { y: tf.Tensor; state: RecurrentState } {
  const [y, rgLru, conv] = (
    recordsGradients()
      ? recurrentBlockComposite({ inputs, attrs })
      : recurrentBlockKernel.run(inputs, attrs)
  ) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return { y, state: { rgLru, conv } };
}

const recurrentBlockKernel = defineKernel<RecurrentBlockInputs, RecurrentBlockAttrs>({
  name: 'NeverendRecurrentBlock',
  composite: recurrentBlockComposite,
  backendKernels: { tensorflow: recurrentBlockTensorflow },
  code: import.meta.neverendCode,
  cases: recurrentBlockCases,
  flops: ({ inputs }) => {
    const { x, xBias } = inputs;
    const width = x.shape.at(-1) ?? 1;
    // The first layers, one with GELU, the recurrence, and the last layer; per number of x the norm, a bias and the residual.
    const each = 2 * (2 * width + 1) + 8 + recurrenceFlops(inputs) + 2 * width;
    return (x.size / width) * xBias.size * each + 7 * x.size;
  },
});

const mixInParts =
  (recurrence: typeof rgLru): Mix =>
  (x, gate, conv1d, unit, { segmentPos, state, decayPower, mask }) => {
    const sequence = (of?: tf.Tensor): SequenceOptions<tf.Tensor> & MaskOption => ({
      ...(segmentPos === undefined ? {} : { segmentPos }),
      ...(mask === undefined ? {} : { mask }),
      ...(of === undefined ? {} : { state: of }),
    });
    const conv = temporalConv(x, conv1d, sequence(state?.conv));
    const { y, state: last } = recurrence(conv.y, unit, {
      ...sequence(state?.rgLru),
      ...(decayPower === undefined ? {} : { decayPower }),
    });
    return { y: tf.mul(y, gate), rgLru: last, conv: conv.state };
  };

/** Sizes of a recurrent block. */
export interface RecurrentBlockArgs extends Pick<RgLruArgs, 'heads' | 'minRadius' | 'maxRadius'> {
  /** The width D of the input and output. */
  readonly width: number;
  /** The width E of the recurrent unit. Default: D. */
  readonly lruWidth?: number;
  /** The number K of taps of the convolution. Default: 4. */
  readonly taps?: number;
  /** The variance of the last linear layer's weights, times its number of inputs. Default: 1; Griffin has 2 / its number of blocks. */
  readonly outVariance?: number;
}

/** The names of all sizes that `initRecurrentBlock` takes. */
export const recurrentBlockArgs: readonly (keyof RecurrentBlockArgs)[] = [
  'width',
  'lruWidth',
  'heads',
  'minRadius',
  'maxRadius',
  'taps',
  'outVariance',
];

/**
 * Weights to start with, as RecurrentGemma has them: linear layers normal with a variance of 1 / inputs, biases 0, and those of
 * `initTemporalConv` and `initRgLru`.
 *
 * @returns tensors by the names that `recurrentBlock` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError | RangeError naming a size that is no positive integer, or fewer than 2 `taps`, and as `initRgLru` does.
 */
export function initRecurrentBlock(
  key: RandomKey,
  args: RecurrentBlockArgs,
): Record<string, tf.Tensor> {
  checkOptions('initRecurrentBlock', args, recurrentBlockArgs);
  const { width, lruWidth = width, heads, minRadius, maxRadius, taps = 4, outVariance = 1 } = args;
  checkSizes({ width, lruWidth });
  checkTaps('taps', taps);
  checkNumber('outVariance', outVariance, 0);
  const keyOf = (name: string) => subkey(key, name);
  const unit = {
    ...{ width: lruWidth, heads },
    ...(minRadius === undefined ? {} : { minRadius }),
    ...(maxRadius === undefined ? {} : { maxRadius }),
  };
  return {
    ...withPrefix(initRgLru(keyOf('rg_lru'), unit), 'rg_lru/'),
    ...withPrefix(initLinear(keyOf('linear_x'), width, lruWidth, { variance: 1 }), 'linear_x/'),
    ...withPrefix(initLinear(keyOf('linear_y'), width, lruWidth, { variance: 1 }), 'linear_y/'),
    ...withPrefix(initTemporalConv(keyOf('conv_1d'), { width: lruWidth, taps }), 'conv_1d/'),
    ...withPrefix(
      initLinear(keyOf('linear_out'), lruWidth, width, { variance: outVariance }),
      'linear_out/',
    ),
  };
}
