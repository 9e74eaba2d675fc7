import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { reasonOf } from '../platform.ts';
import { randomKey, randomNormal } from '../random.ts';
import { withoutStockThreads } from '../wasm/stock-alone.ts';
import { inKernelMode } from './kernel-mode.ts';
import type {
  BackendKernel,
  KernelAttrs,
  KernelCall,
  KernelCase,
  KernelDefinition,
  KernelInputs,
} from './types.ts';

/** How much is compared, from least to most: outputs of small cases, their gradients too, and all cases. */
export const extents = ['forward', 'gradient', 'all'] as const;
export type Extent = (typeof extents)[number];

/** A tensor that a backend kernel made, and what the composite has in its place. */
interface Pair {
  readonly what: string;
  readonly native: tf.Tensor;
  readonly composite: tf.Tensor;
}

/** Numbers in the inputs of the largest case that a program waits for at a kernel's first use. */
const small = 4096;

/** Numbers in the inputs of the longest call whose gradients are compared. */
const longest = 65_536;

/** How far a backend kernel may be from its composite, over the composite's largest number. */
const tolerances: Readonly<Record<string, number>> = { tensorflow: 1e-5, wasm: 1e-4, webgpu: 1e-4 };

/**
 * Holds a backend kernel against its composite on the current backend, which must be one that can be read at once.
 *
 * @returns what differs, or undefined where nothing does. @throws BackendError where the backend has no memory left.
 */
export function selfTest<I extends KernelInputs, A extends KernelAttrs>(
  definition: KernelDefinition<I, A>,
  kernel: BackendKernel<I, A>,
  extent: Extent,
): string | undefined {
  const tolerance = toleranceOf(kernel);
  for (const makeCall of casesOf(definition, extent)) {
    const pairs: Pair[] = [];
    const compute = (): void => runBoth(definition, kernel, makeCall, extent, pairs);
    try {
      if (extent === 'all') compute();
      else withoutStockThreads(tf.backend(), compute);
      for (const pair of pairs) {
        const values = [pair.native.dataSync(), pair.composite.dataSync()] as const;
        const difference = compare(pair, ...values, tolerance);
        if (difference) return difference;
      }
    } catch (error) {
      // A backend that has no memory left says nothing about the kernel.
      if (BackendError.isInstance(error)) throw error;
      return `it failed: ${reasonOf(error)}`;
    } finally {
      dispose(pairs);
    }
  }
  return undefined;
}

/**
 * `selfTest` on a backend that may only be readable later, as WebGPU is.
 *
 * @param turn waits before each case until it may run, and answers false where it never may.
 * @returns false where it never might.
 */
export async function selfTestLater<I extends KernelInputs, A extends KernelAttrs>(
  definition: KernelDefinition<I, A>,
  kernel: BackendKernel<I, A>,
  extent: Extent,
  turn: () => boolean | Promise<boolean>,
): Promise<string | undefined | false> {
  for (const makeCall of casesOf(definition, extent)) {
    if (!(await turn())) return false;
    const pairs: Pair[] = [];
    try {
      const tolerance = toleranceOf(kernel);
      runBoth(definition, kernel, makeCall, extent, pairs);
      for (const pair of pairs) {
        const values = await Promise.all([pair.native.data(), pair.composite.data()]);
        const difference = compare(pair, ...values, tolerance);
        if (difference) return difference;
      }
    } catch (error) {
      return `it failed: ${reasonOf(error)}`;
    } finally {
      dispose(pairs);
    }
  }
  return undefined;
}

/** All cases, or the first one and the largest small one for each set of attributes. Those that do not tell theirs are all taken. */
function casesOf<I extends KernelInputs, A extends KernelAttrs>(
  { cases }: KernelDefinition<I, A>,
  extent: Extent,
): readonly KernelCase<A>[] {
  if (extent === 'all') return cases;
  const largest = new Map<unknown, KernelCase<A>>();
  for (const one of cases) {
    const { size = 0, attrs } = one;
    const key = attrs === undefined ? one : JSON.stringify(attrs);
    if (size <= small && size >= (largest.get(key)?.size ?? 0)) largest.set(key, one);
  }
  return [...new Set([...cases.slice(0, 1), ...largest.values()])];
}

const dispose = (pairs: readonly Pair[]) =>
  tf.dispose(pairs.flatMap(({ native, composite }) => [native, composite]));

let comparing = false;

/** Whether what runs now is a comparison of kernels, and none of the program's own work: for those who count that. */
export function isComparingKernels(): boolean {
  return comparing;
}

/** Adds the outputs of both for one call and, where they are asked for, the gradients of both. */
function runBoth<I extends KernelInputs, A extends KernelAttrs>(
  { name, composite, gradient }: KernelDefinition<I, A>,
  kernel: BackendKernel<I, A>,
  makeCall: KernelCase<A>,
  extent: Extent,
  pairs: Pair[],
): void {
  // A kernel in a gradient may be compared in turn.
  const before = comparing;
  comparing = true;
  // Set by hand, as TensorFlow.js would say each time that the mode is on.
  const flags = tf.env().getFlags();
  const debug = tf.env().getBool('DEBUG');
  // Cases may hold NaN on purpose, which the debug mode of TensorFlow.js refuses.
  flags['DEBUG'] = false;
  try {
    tf.tidy(() => {
      const own = makeCall() as KernelCall<I, A>;
      const size = Object.values(own.inputs).reduce((sum, input) => sum + input.size, 0);
      if (extent !== 'all' && size > small) return;
      if (kernel.supports?.(own) === false) return;
      // A backend kernel may write into its inputs.
      const reference = makeCall() as KernelCall<I, A>;
      const shapes = Object.entries(own.inputs).map(([input, { shape }]) => `${input} [${shape}]`);
      const call = `${name} of ${shapes.join(', ')} ${JSON.stringify(own.attrs)}`;
      const add = (what: string, native: tf.Tensor, compositeTensor: tf.Tensor) => {
        pairs.push({ what, native: tf.keep(native), composite: tf.keep(compositeTensor) });
      };

      const natives = kernel
        .compute({ ...own, backend: tf.backend() as tf.KernelBackend })
        .map((info) =>
          info instanceof tf.Tensor ? info : tf.engine().makeTensorFromTensorInfo(info),
        );
      const composites = inKernelMode('composite', () => composite(reference));
      if (natives.length !== composites.length) {
        throw new Error(`${call} gave ${natives.length} outputs, not ${composites.length}`);
      }
      for (const [index, native] of natives.entries()) {
        add(`output ${index} of ${call}`, native, composites[index] as tf.Tensor);
      }
      // What is native in a gradient is a kernel with long cases of its own.
      if (extent === 'forward' || gradient === undefined || size > longest) return;

      const { saveInputs = [], saveOutputs = [], backward } = gradient;
      const dys = composites.map(({ shape, size }, index) =>
        tf.tensor(randomNormal(randomKey(call, 'dy', index), size), shape, 'float32'),
      );
      const saved = (inputs: I, outputs: tf.Tensor[]) => [
        ...saveInputs.map((input) => inputs[input] as tf.Tensor),
        ...outputs.filter((_, index) => saveOutputs[index] === true),
      ];
      const ownGradients = inKernelMode('auto', () =>
        made(backward(dys, saved(own.inputs, natives), own.attrs)),
      );
      const references = inKernelMode('composite', () =>
        made(backward(dys, saved(reference.inputs, composites), reference.attrs)),
      );
      for (const [input, native] of Object.entries(ownGradients)) {
        add(`gradient of ${input} of ${call}`, native, references[input] as tf.Tensor);
      }
    });
  } finally {
    comparing = before;
    flags['DEBUG'] = debug;
  }
}

function made(
  gradients: Partial<Record<string, () => tf.Tensor>>,
): Readonly<Record<string, tf.Tensor>> {
  return Object.fromEntries(
    Object.entries(gradients).flatMap(([name, make]) => (make ? [[name, make()]] : [])),
  );
}

function toleranceOf<I, A>(kernel: BackendKernel<I, A>): number {
  return kernel.tolerance ?? tolerances[tf.getBackend()] ?? 1e-4;
}

function compare(
  { what, native, composite }: Pair,
  values: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): string | undefined {
  if (native.dtype !== composite.dtype || String(native.shape) !== String(composite.shape)) {
    return `${what} was ${native.dtype} [${native.shape}], not ${composite.dtype} [${composite.shape}]`;
  }
  let scale = 1e-6;
  for (let index = 0; index < expected.length; index++) {
    const size = Math.abs(expected[index] ?? Number.NaN);
    // What is NaN or infinite on both sides would hide a difference.
    if (!Number.isFinite(size))
      return `${what} is ${expected[index]} at ${index} in the reference itself`;
    scale = Math.max(scale, size);
  }
  for (let index = 0; index < expected.length; index++) {
    const [value, wanted] = [values[index] ?? Number.NaN, expected[index] ?? Number.NaN];
    if (!(Math.abs(value - wanted) <= tolerance * scale)) {
      return `${what} was ${value} at ${index}, not ${wanted}`;
    }
  }
  return undefined;
}
