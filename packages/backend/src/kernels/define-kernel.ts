import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { compareInBackground } from './background.ts';
import { inKernelMode, kernelMode } from './kernel-mode.ts';
import { isGradientNested } from './nested-gradient.ts';
import type { Extent } from './self-test.ts';
import {
  type Entry,
  isSettled,
  type Standing,
  settle,
  settleLater,
  standingOf,
} from './standing.ts';
import { trustsKernels } from './trust.ts';
import type {
  KernelAttrs,
  KernelCall,
  KernelDefinition,
  KernelInputs,
  KernelStatus,
} from './types.ts';

/** An operation of `defineKernel`. */
export interface Kernel<I extends KernelInputs, A extends KernelAttrs> {
  readonly name: string;
  /**
   * Runs the kernel on the current backend, as one node of the tape; inside of a gradient of a gradient its composite, in any mode.
   *
   * @returns the outputs, the caller's to dispose.
   * @throws BackendError where the mode is `native` and the backend's own kernel cannot serve.
   */
  readonly run: (inputs: I, attrs: A) => tf.Tensor[];
  /**
   * The same inside of another kernel: no node of the tape, and inputs may be of another kernel's making.
   *
   * @throws BackendError as `run` does.
   */
  readonly compute: (inputs: Readonly<Record<keyof I, tf.TensorInfo>>, attrs: A) => tf.TensorInfo[];
}

const entries = new Map<string, Entry>();

/**
 * Makes an operation of one kernel name. On each backend the kernel for it serves once it agreed with the
 * composite on this machine; where there is none, or it does not agree, or cannot take a call, the composite serves.
 * Small cases are compared before the backend kernel's first use, and their gradients before the first gradient; the
 * verdicts of packages that were built are kept for later processes. On WebGPU, whose tensors cannot be read at once, no call
 * waits: the composite serves until `kernelsReady`, or until a program has rested for so long that it was
 * compared meanwhile. A mismatch is one warning, and shows in `kernelStatuses` and in the doctor.
 *
 * @throws Error when another kernel has the name.
 */
export function defineKernel<I extends KernelInputs, A extends KernelAttrs>(
  definition: KernelDefinition<I, A>,
): Kernel<I, A> {
  const { name } = definition;
  if (entries.has(name)) throw new Error(`a kernel named ${name} is defined already`);
  const entry: Entry = {
    definition: definition as unknown as Entry['definition'],
    standings: new Map(),
  };
  entries.set(name, entry);
  return {
    name,
    run: (inputs, attrs) => {
      // A kernel has one gradient, its composite has all of them.
      if (isGradientNested()) return tf.tidy(() => definition.composite({ inputs, attrs }));
      register(entry, tf.getBackend());
      return tf
        .engine()
        .runKernel(
          name,
          inputs as unknown as tf.NamedTensorMap,
          attrs as unknown as tf.NamedAttrMap,
        );
    },
    compute: (inputs, attrs) =>
      serve(entry, tf.getBackend(), { inputs: inputs as unknown as KernelInputs, attrs }),
  };
}

/**
 * Waits until every kernel for the current backend is known to be right or wrong on it, outputs and
 * gradients of small cases. Worth a call on WebGPU before the first step, so that no step is served by both.
 */
export async function kernelsReady(): Promise<void> {
  if (kernelMode() !== 'composite' && !trustsKernels()) await compareEach('gradient');
}

async function compareEach(extent: Extent, without?: ReadonlySet<string>): Promise<void> {
  const backend = tf.getBackend();
  const isCurrent = () => tf.getBackend() === backend;
  const all = [...entries.values()].map((entry) => {
    const standing = standingOf(entry, backend);
    if (standing === undefined || without?.has(entry.definition.name)) return undefined;
    if (backend === 'webgpu') return settleLater(entry, standing, extent, isCurrent);
    return settle(entry, standing, extent);
  });
  await Promise.all(all);
}

/**
 * Lets every kernel for the current backend that there is now serve without a comparison. For tests that hold the
 * backend kernels against references of their own: the composite would step in for a wrong one, and hide it from them.
 */
export function trustKernels(): void {
  for (const entry of entries.values()) {
    const standing = standingOf(entry, tf.getBackend());
    if (standing !== undefined) standing.agreed = 'all';
  }
}

/**
 * What serves for every kernel on the current backend. All cases are compared that were not yet in this process, long
 * ones and gradients too, whatever is known from earlier ones.
 */
export function kernelStatuses(): Promise<KernelStatus[]> {
  return kernelStatusesAfter('all');
}

/** `kernelStatuses` after a comparison of so much, of all but some kernels. */
export async function kernelStatusesAfter(
  extent: Extent,
  without: ReadonlySet<string> = new Set(),
): Promise<KernelStatus[]> {
  const composites = kernelMode() === 'composite';
  if (!composites) await compareEach(extent, without);
  const backend = tf.getBackend();
  const wanted = [...entries.values()].filter(({ definition }) => !without.has(definition.name));
  return wanted.map((entry): KernelStatus => {
    const kernel = entry.definition.name;
    const standing = composites ? undefined : standingOf(entry, backend);
    if (standing === undefined) return { kernel, backend, active: 'composite' };
    const { reason } = standing;
    return reason === undefined
      ? { kernel, backend, active: 'native' }
      : { kernel, backend, active: 'composite', reason };
  });
}

/** The names of all that were defined until now. */
export const definedKernels = (): string[] => [...entries.keys()];

/** Floating-point operations of one call of a kernel of `defineKernel`; undefined for any other kernel. */
export function definedKernelFlops(
  name: string,
  call: KernelCall<KernelInputs, KernelAttrs>,
): number | undefined {
  return entries.get(name)?.definition.flops(call);
}

/** Tells TensorFlow.js of a kernel on a backend, and of its gradient. Cheap when it was told before. */
function register(entry: Entry, backendName: string): void {
  const { name, gradient } = entry.definition;
  if (tf.getKernel(name, backendName) !== undefined) return;
  tf.registerKernel({
    kernelName: name,
    backendName,
    kernelFunc: ({ inputs, attrs }) =>
      serve(entry, backendName, { inputs: inputs as KernelInputs, attrs: attrs as KernelAttrs }),
  });
  if (gradient === undefined) return;
  tf.registerGradient({
    kernelName: name,
    inputsToSave: [...(gradient.saveInputs ?? [])],
    outputsToSave: [...(gradient.saveOutputs ?? [])],
    gradFunc: (dys, saved, attrs) => {
      const backward = () =>
        gradient.backward(
          Array.isArray(dys) ? dys : [dys],
          saved,
          attrs as unknown as KernelAttrs,
        ) as Record<string, () => tf.Tensor>;
      return gradientAgrees(entry) ? backward() : ofComposites(backward);
    },
  });
}

/** Whether the backend kernel that served, if any did, has the composite's gradient, as far as that is known. */
function gradientAgrees(entry: Entry): boolean {
  const standing = kernelMode() === 'composite' ? undefined : standingOf(entry, tf.getBackend());
  if (standing === undefined) return true;
  settleWhereItCan(entry, standing, 'gradient');
  return standing.wrong !== true;
}

/** A gradient without any kernel in it. */
function ofComposites(
  backward: () => Record<string, () => tf.Tensor>,
): Record<string, () => tf.Tensor> {
  const gradients = inKernelMode('composite', backward);
  return Object.fromEntries(
    Object.entries(gradients).map(([name, make]) => [name, () => inKernelMode('composite', make)]),
  );
}

function serve(
  entry: Entry,
  backendName: string,
  call: KernelCall<KernelInputs, KernelAttrs>,
): tf.TensorInfo[] {
  const { name, composite } = entry.definition;
  const mode = kernelMode();
  const standing = mode === 'composite' ? undefined : standingOf(entry, backendName);
  if (standing !== undefined && (standing.kernel.supports?.(call) ?? true)) {
    settleWhereItCan(entry, standing, 'forward');
    const { kernel, reason } = standing;
    if (reason === undefined && (trustsKernels() || isSettled(standing, 'forward'))) {
      return kernel.compute({ ...call, backend: tf.backend() });
    }
    if (mode === 'native') {
      const why = reason ?? 'it was not compared yet: await kernelsReady()';
      throw new BackendError(
        `composites are forbidden, and the ${backendName} kernel ${name} cannot serve: ${why}`,
      );
    }
  }
  return tf.tidy(() => composite(call));
}

/** Compares now where the backend can be read at once, and else behind the program's back. */
function settleWhereItCan(entry: Entry, standing: Standing, extent: Extent): void {
  if (isSettled(standing, extent) || trustsKernels()) return;
  if (standing.backend === 'webgpu') compareInBackground(entry, standing, extent);
  else settle(entry, standing, extent);
}
