import * as tf from '@tensorflow/tfjs-core';
import type { WebgpuBackend } from '../webgpu/backend.ts';
import { addKernel } from './registry.ts';
import { sineAndCosine } from './webgpu-functions.ts';
import { type Program, rewrite } from './webgpu-programs.ts';

/** The part of TensorFlow.js' WebGPU backend that runs programs. */
interface Webgpu extends Pick<WebgpuBackend, 'makeTensorInfo' | 'disposeData'> {
  runWebGPUProgram(
    program: Program,
    inputs: readonly tf.TensorInfo[],
    dtype: tf.DataType,
    ...rest: unknown[]
  ): unknown;
}

/** What an edit must find in the code. */
function replaced(
  code: string,
  ...changes: readonly (readonly [from: string, to: string])[]
): string {
  return changes.reduce((edited, [from, to]) => {
    if (!edited.includes(from)) throw new Error(`the code of a program has no ${from}, as it had`);
    return edited.replace(from, () => to);
  }, code);
}

/** The largest number of a window, or its place: the first of several, or the first NaN. */
const largest = (code: string): string =>
  code
    .replace('-1.0 / pow(10.0, -20.0)', '-uniforms.INFINITY')
    .replace(
      'resultValue = max(value, resultValue);',
      'if (value > resultValue || isnan(value)) { resultValue = value; }',
    )
    .replace('let currMaxValue = mix(value, maxValue, maxValueFound);', '')
    .replace(
      'if (value >= currMaxValue)',
      'if (maxValueFound == 0.0 || value > maxValue || (isnan(value) && !isnan(maxValue)))',
    );

/** How the code of programs is mended, by how their keys begin. */
const edits: readonly (readonly [
  key: string,
  edit: (code: string, type: 'i32' | 'f32') => string,
])[] = [
  [
    'transpose_',
    (code, type) =>
      replaced(code, ['setOutputAtIndex(flatIndex, A[', `result[flatIndex] = ${type}(A[`]),
  ],
  [
    'transposeShared',
    (code, type) =>
      replaced(
        code,
        ['array<array<f32', `array<array<${type}`],
        ['f32(A[', `${type}(A[`],
        ['setOutputAtIndex((y * height + x), tile', 'result[y * height + x] = (tile'],
      ),
  ],
  [
    'unsortedSegmentSum',
    (code, type) =>
      replaced(
        code,
        ['if (segmentId >= 0)', 'if (segmentId >= 0 && segmentId < uniforms.numSegments)'],
        ['let value = getX(b, inCol)', `let value = ${type}(x[index])`],
      ),
  ],
  [
    'binary_',
    // Places along five or six axes are no vector, and a product with 0 is NaN for infinity.
    (code) =>
      code
        .replace('sharedBuf[coords[4]]', 'sharedBuf[coords.u]')
        .replace('sharedBuf[coords[5]]', 'sharedBuf[coords.v]')
        .replace(/return \(aLessThanZero \* .*;/, 'return select(a, b * a, a < vec4<f32>(0.0));'),
  ],
  [
    'fft_',
    // A product of places is within float32 what it is modulo the length, and devices have some three digits of a sine.
    (code) =>
      sineAndCosine +
      replaced(
        code,
        [
          'exponentMultiplierTimesIndexRatio * f32(i)',
          'uniforms.exponentMultiplier * f32((index * i) % uniforms.realShape[1]) / f32(uniforms.realShape[1])',
        ],
        ['cos(x)', 'sineAndCosine(x).y'],
        ['sin(x)', 'sineAndCosine(x).x'],
      ),
  ],
  [
    'softmax',
    // Rows beyond the last are those of groups that fill up a rectangle, and devices may have a number for exp(NaN).
    (code) =>
      replaced(
        code,
        [
          'setOutputAtCoords(row, col, value);',
          'if (row < uniforms.outShape[0]) { setOutputAtCoords(row, col, value); }',
        ],
        [
          'threadSum += subExp;',
          'threadSum += select(subExp, uniforms.NAN, isnan(getLogits(row, col) - rowMaxShared));',
        ],
      ),
  ],
  ['pool2D_max', largest],
  ['pool3D_max', largest],
  [
    'linSpace',
    // The step of one number is none.
    (code) =>
      replaced(code, [
        'f32(index) * uniforms.step',
        'select(0.0, f32(index) * uniforms.step, index > 0)',
      ]),
  ],
  [
    'transform',
    // Halves go up, as everywhere else.
    (code) =>
      replaced(code, ['round(mapY)', 'floor(mapY + 0.5)'], ['round(mapX)', 'floor(mapX + 0.5)']),
  ],
  [
    'scatter_',
    (code, type) =>
      type === 'f32'
        ? code
        : code.replace(/getUpdates\(coords\[0\](, coords\[1\])?\)/, 'updates[index]'),
  ],
];

const mended = new WeakSet<object>();

function mend(backend: Webgpu): void {
  if (mended.has(backend)) return;
  mended.add(backend);
  const run = backend.runWebGPUProgram.bind(backend);
  backend.runWebGPUProgram = (program, inputs, dtype, ...rest) => {
    const edit = edits.find(([key]) => program.shaderKey.startsWith(key))?.[1];
    const type = dtype === 'float32' ? 'f32' : 'i32';
    if (edit !== undefined) rewrite(program, `mended_${type}`, (code) => edit(code, type));
    // No device binds a buffer of no bytes; programs read none of its numbers.
    const placeholders: tf.TensorInfo[] = [];
    const bound = inputs.map((input) => {
      if (!input.shape.includes(0)) return input;
      const placeholder = backend.makeTensorInfo([1], input.dtype);
      placeholders.push(placeholder);
      return { ...input, dataId: placeholder.dataId };
    });
    const y = run(program, bound, dtype, ...rest);
    for (const { dataId } of placeholders) backend.disposeData(dataId);
    return y;
  };
}

/** Never called: the backend that starts, or becomes current again, calls the set-up function of each of its kernels. */
const hook: tf.KernelConfig = {
  kernelName: 'NeverendPrograms',
  backendName: 'webgpu',
  setupFunc: (backend) => mend(backend as unknown as Webgpu),
  kernelFunc: () => {
    throw new Error('NeverendPrograms computes nothing');
  },
};

/**
 * Stock, a transpose of integers or booleans of more than two axes does not compile on webgpu, nor does an operation of a vector and a tensor
 * of five axes: what comes out is what the memory held before, and so with reductions over some of the axes, sums of segments, biases of
 * volumes. Sums of segments beyond the last go elsewhere; the last number of a softmax of more rows than a dispatch has groups is
 * another's, and a NaN is lost in it; one number of `linspace` is NaN; spectra lose their digits with their length; the largest number of a window
 * is -1e20 or more and no NaN, and the last of several has the place.
 */
export function registerWebgpuEdits(): void {
  addKernel(hook);
  const backend: tf.KernelBackend | undefined = tf.engine().registry['webgpu'];
  if (backend !== undefined) mend(backend as unknown as Webgpu);
}
