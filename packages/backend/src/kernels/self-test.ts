import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { reasonOf } from '../platform.ts';
import { randomKey, randomNormal } from '../random.ts';
import { inKernelMode } from './kernel-mode.ts';
import type {
  KernelAttrs,
  KernelCall,
  KernelDefinition,
  KernelInputs,
  NativeVersion,
} from './types.ts';

/** A tensor that a version made, and what the composite has in its place. */
interface Pair {
  readonly what: string;
  readonly native: tf.Tensor;
  readonly composite: tf.Tensor;
}

/** Numbers in the inputs of the longest call whose gradients are compared. */
const longest = 65_536;

/** How far a version may be from its composite, over the composite's largest number. */
const tolerances: Readonly<Record<string, number>> = { tensorflow: 1e-5, wasm: 1e-4, webgpu: 1e-4 };

/**
 * Holds a version against its composite on the current backend, forward and, for all but long calls, gradient.
 * Needs a backend that can be read at once.
 *
 * @returns what differs, or undefined where nothing does.
 * @throws BackendError where the backend has no memory left.
 */
export function selfTest<I extends KernelInputs, A extends KernelAttrs>(
  definition: KernelDefinition<I, A>,
  version: NativeVersion<I, A>,
): string | undefined {
  const pairs: Pair[] = [];
  const tolerance = toleranceOf(version);
  try {
    for (const makeCall of definition.cases) runBoth(definition, version, makeCall, pairs);
    for (const pair of pairs) {
      const difference = compare(
        pair,
        pair.native.dataSync(),
        pair.composite.dataSync(),
        tolerance,
      );
      if (difference) return difference;
    }
    return undefined;
  } catch (error) {
    // A backend that has no memory left says nothing about the version.
    if (BackendError.isInstance(error)) throw error;
    return `it failed: ${reasonOf(error)}`;
  } finally {
    dispose(pairs);
  }
}

/** `selfTest` on a backend that may only be readable later, as WebGPU is. */
export async function selfTestLater<I extends KernelInputs, A extends KernelAttrs>(
  definition: KernelDefinition<I, A>,
  version: NativeVersion<I, A>,
): Promise<string | undefined> {
  const pairs: Pair[] = [];
  const tolerance = toleranceOf(version);
  try {
    // All of it runs before the first await: the caller's backend is still current.
    for (const makeCall of definition.cases) runBoth(definition, version, makeCall, pairs);
    for (const pair of pairs) {
      const [native, composite] = await Promise.all([pair.native.data(), pair.composite.data()]);
      const difference = compare(pair, native, composite, tolerance);
      if (difference) return difference;
    }
    return undefined;
  } catch (error) {
    return `it failed: ${reasonOf(error)}`;
  } finally {
    dispose(pairs);
  }
}

const dispose = (pairs: readonly Pair[]) =>
  tf.dispose(pairs.flatMap(({ native, composite }) => [native, composite]));

/** Adds the outputs of both for one call, and the gradients of both. */
function runBoth<I extends KernelInputs, A extends KernelAttrs>(
  { name, composite, gradient }: KernelDefinition<I, A>,
  version: NativeVersion<I, A>,
  makeCall: () => KernelCall<KernelInputs, A>,
  pairs: Pair[],
): void {
  tf.tidy(() => {
    const [own, reference] = [makeCall(), makeCall()] as KernelCall<I, A>[] as [
      KernelCall<I, A>,
      KernelCall<I, A>,
    ];
    if (version.takes?.(own) === false) return;
    const shapes = Object.entries(own.inputs).map(([input, { shape }]) => `${input} [${shape}]`);
    const call = `${name} of ${shapes.join(', ')} ${JSON.stringify(own.attrs)}`;
    const add = (what: string, native: tf.Tensor, compositeTensor: tf.Tensor) => {
      pairs.push({ what, native: tf.keep(native), composite: tf.keep(compositeTensor) });
    };

    const natives = version
      .run({ ...own, backend: tf.backend() as tf.KernelBackend })
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
    const size = Object.values(own.inputs).reduce((sum, input) => sum + input.size, 0);
    if (gradient === undefined || size > longest) return;

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
}

function made(
  gradients: Partial<Record<string, () => tf.Tensor>>,
): Readonly<Record<string, tf.Tensor>> {
  return Object.fromEntries(
    Object.entries(gradients).flatMap(([name, make]) => (make ? [[name, make()]] : [])),
  );
}

function toleranceOf<I, A>(version: NativeVersion<I, A>): number {
  return version.tolerance ?? tolerances[tf.getBackend()] ?? 1e-4;
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
