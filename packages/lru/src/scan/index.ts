import { checkFlag, checkObject, checkOptions, checkTensor, defineKernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { Complex } from '../types.ts';
import { complexScanCases, realScanCases } from './cases.ts';
import { complexScanComposite, realScanComposite } from './composite.ts';
import { complexScanGrad, realScanGrad } from './gradient.ts';
import { complexScanTensorflow } from './kernels/complex-tensorflow.ts';
import { complexScanWasm } from './kernels/complex-wasm.ts';
import { complexScanWebgpu } from './kernels/complex-webgpu.ts';
import { scanTensorflow } from './kernels/tensorflow.ts';
import { scanWasm } from './kernels/wasm.ts';
import { scanWebgpu } from './kernels/webgpu.ts';
import type {
  ComplexScanGradInputs,
  ComplexScanInputs,
  ScanAttrs,
  ScanGradInputs,
  ScanInputs,
} from './types.ts';

export interface LinearScanOptions<State> {
  /** The state before the first step: the shape of `x` without its time. Default: zeros. */
  readonly initialState?: State | undefined;
  /** Whether the recurrence goes from the last step to the first. Default: false. */
  readonly reverse?: boolean | undefined;
}

/**
 * The linear recurrence h_t = a_t h_{t-1} + x_t over the second axis, each number on its own: what the real-gated linear
 * recurrent unit (arXiv 2402.19427, equation 4) and other linear recurrent units run on. States add up in float32.
 * With T = 1 it is one step of a stream: pass the last state as `initialState`. An `a` of 0 forgets the state, forward and backward, also
 * one that is not finite.
 *
 * The backward pass keeps `a`, the initial state and the output. Products of `a` over the steps of a call must be finite in float32, as they are
 * for |a| <= 1: composites multiply them.
 *
 * @param x `[rows, T, E]` or `[B, T, N, E]`, float32. @param a the shape of `x`, float32.
 * @returns `y`, every h_t, of the shape of `x`, and `state`, the last of them, of the shape of `initialState`; both the caller's
 * to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function linearScan(
  x: tf.Tensor,
  a: tf.Tensor,
  options: LinearScanOptions<tf.Tensor> = {},
): { y: tf.Tensor; state: tf.Tensor } {
  checkOptions('linearScan', options, optionNames);
  const { initialState, reverse = false } = options;
  return tf.tidy(() => {
    const { lanes, state, whole, last } = layout(
      { x, a },
      initialState === undefined ? {} : { initialState },
      reverse,
    );
    const [y] = realScan.run(
      { a: lanes(a), x: lanes(x), h0: state(initialState) },
      { reverse },
    ) as [tf.Tensor];
    return { y: whole(y), state: last(y) };
  });
}

/**
 * `linearScan` of complex numbers (arXiv 2303.06349, equation 2), as pairs of float32 tensors. The gradients are those of
 * the real and of the imaginary parts as numbers of their own.
 *
 * @param x `[rows, T, E]` or `[B, T, N, E]` each. @param a the shape of `x`.
 * @returns `y` and `state` as `linearScan` does, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function complexLinearScan(
  x: Complex,
  a: Complex,
  options: LinearScanOptions<Complex> = {},
): { y: Complex; state: Complex } {
  checkOptions('complexLinearScan', options, optionNames);
  const { initialState, reverse = false } = options;
  return tf.tidy(() => {
    const { lanes, state, whole, last } = layout(
      { ...partsOf('x', x), ...partsOf('a', a) },
      initialState === undefined ? {} : partsOf('initialState', initialState),
      reverse,
    );
    const [re, im] = complexScan.run(
      {
        ...{ aRe: lanes(a.re), aIm: lanes(a.im), xRe: lanes(x.re), xIm: lanes(x.im) },
        ...{ h0Re: state(initialState?.re), h0Im: state(initialState?.im) },
      },
      { reverse },
    ) as [tf.Tensor, tf.Tensor];
    return { y: { re: whole(re), im: whole(im) }, state: { re: last(re), im: last(im) } };
  });
}

const optionNames = ['initialState', 'reverse'] as const;

/** The tensors of complex numbers, by what messages call them. */
function partsOf(name: string, of: Complex): Readonly<Record<string, tf.Tensor>> {
  checkObject(name, of, 'with re and im');
  return { [`${name}.re`]: of.re, [`${name}.im`]: of.im };
}

type Named = [name: string, tensor: tf.Tensor];

/** Checks sequences of one shape and their states, and takes all axes after time as one and back. */
function layout(
  sequences: Readonly<Record<string, tf.Tensor>>,
  states: Readonly<Record<string, tf.Tensor>>,
  reverse: boolean,
) {
  const [[name, first], ...others] = Object.entries(sequences) as [Named, ...Named[]];
  checkFlag('reverse', reverse);
  checkTensor(name, first, first?.rank === 4 ? ['B', 'T', 'N', 'E'] : ['rows', 'T', 'E']);
  for (const [other, tensor] of others) checkTensor(other, tensor, first.shape);
  const [outer, length, ...rest] = first.shape as [number, number, ...number[]];
  const stateShape = [outer, ...rest];
  for (const [other, tensor] of Object.entries(states)) checkTensor(other, tensor, stateShape);
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

const realScan = defineKernel<ScanInputs, ScanAttrs>({
  name: 'NeverendLinearScan',
  composite: realScanComposite,
  gradient: {
    saveInputs: ['a', 'h0'],
    saveOutputs: [true],
    backward: ([dy], [a, h0, y], attrs) => {
      const call = { dy, a, y, h0 } as ScanGradInputs;
      const [da, dx, dh0] = realScanGrad.run(call, attrs) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return { a: () => da, x: () => dx, h0: () => dh0 };
    },
  },
  backendKernels: { wasm: scanWasm, webgpu: scanWebgpu, tensorflow: scanTensorflow },
  code: import.meta.neverendCode,
  cases: realScanCases,
  flops: ({ inputs: { x } }) => 2 * x.size,
});

const complexScan = defineKernel<ComplexScanInputs, ScanAttrs>({
  name: 'NeverendComplexScan',
  composite: complexScanComposite,
  gradient: {
    saveInputs: ['aRe', 'aIm', 'h0Re', 'h0Im'],
    saveOutputs: [true, true],
    backward: ([dyRe, dyIm], [aRe, aIm, h0Re, h0Im, yRe, yIm], attrs) => {
      const call = { dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im } as ComplexScanGradInputs;
      const gradients = complexScanGrad.run(call, attrs);
      const names = ['aRe', 'aIm', 'xRe', 'xIm', 'h0Re', 'h0Im'] as const;
      return Object.fromEntries(
        names.map((name, index) => [name, () => gradients[index] as tf.Tensor]),
      );
    },
  },
  backendKernels: {
    wasm: complexScanWasm,
    webgpu: complexScanWebgpu,
    tensorflow: complexScanTensorflow,
  },
  code: import.meta.neverendCode,
  cases: complexScanCases,
  flops: ({ inputs: { xRe } }) => 8 * xRe.size,
});
