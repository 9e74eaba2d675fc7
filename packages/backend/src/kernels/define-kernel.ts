import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { kernelMode } from './kernel-mode.ts';
import { selfTest, selfTestLater } from './self-test.ts';
import type {
  KernelAttrs,
  KernelCall,
  KernelDefinition,
  KernelInputs,
  KernelStatus,
  NativeVersion,
} from './types.ts';

/** An operation of `defineKernel`. */
export interface Kernel<I extends KernelInputs, A extends KernelAttrs> {
  readonly name: string;
  /**
   * Runs the kernel on the current backend, as one node of the tape.
   *
   * @returns the outputs, the caller's to dispose.
   * @throws BackendError where the mode is `native` and the backend's version cannot serve.
   */
  readonly run: (inputs: I, attrs: A) => tf.Tensor[];
  /**
   * The same inside of another kernel: no node of the tape, and inputs may be of another kernel's making.
   *
   * @throws BackendError as `run` does.
   */
  readonly compute: (inputs: Readonly<Record<keyof I, tf.TensorInfo>>, attrs: A) => tf.TensorInfo[];
}

/** What is known of a version in this process. */
type Verdict = { readonly serves: true } | { readonly serves: false; readonly reason: string };

/** A definition with its types erased, as the registry of all of them holds it. */
interface Entry {
  readonly definition: KernelDefinition<KernelInputs, KernelAttrs>;
  readonly verdicts: Map<string, Verdict>;
  readonly tests: Map<string, Promise<void>>;
}

const entries = new Map<string, Entry>();

/**
 * Makes an operation of one kernel name. On each backend the version for it serves once it agreed with the
 * composite on this machine, forward and gradient; where there is none, or it does not agree, or cannot take a
 * call, the composite serves. The comparison runs before the version's first use, once per process and backend; on
 * WebGPU, whose tensors cannot be read at once, the composite serves until `kernelsReady` or the end of a
 * comparison that the first call starts. A mismatch is one warning, and shows in `kernelStatuses` and in the doctor.
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
    verdicts: new Map(),
    tests: new Map(),
  };
  entries.set(name, entry);
  return {
    name,
    run: (inputs, attrs) => {
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
 * Waits until every kernel that has a version for the current backend is known to be right or wrong on it. Worth
 * a call on WebGPU before the first step, so that no step mixes versions.
 */
export async function kernelsReady(): Promise<void> {
  if (kernelMode() === 'composite') return;
  const backend = tf.getBackend();
  await Promise.all(
    [...entries.values()].map((entry) => {
      const version = versionOf(entry, backend);
      return version && test(entry, version, backend);
    }),
  );
}

/**
 * Lets every version for the current backend serve without a comparison. For tests that hold the versions against
 * references of their own: the composite would step in for a wrong one, and hide it from them.
 */
export function trustKernels(): void {
  const backend = tf.getBackend();
  for (const entry of entries.values()) {
    const version = versionOf(entry, backend);
    if (version && !settleAbsent(entry, version, backend)) settle(entry, backend, undefined);
  }
}

/** Which version of every kernel serves on the current backend; comparisons that did not run yet run now. */
export async function kernelStatuses(): Promise<KernelStatus[]> {
  await kernelsReady();
  const backend = tf.getBackend();
  return [...entries.values()].map((entry): KernelStatus => {
    const kernel = entry.definition.name;
    const verdict = entry.verdicts.get(backend);
    if (kernelMode() === 'composite' || verdict === undefined) {
      return { kernel, backend, serves: 'composite' };
    }
    return verdict.serves
      ? { kernel, backend, serves: 'native' }
      : { kernel, backend, serves: 'composite', reason: verdict.reason };
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
    gradFunc: (dys, saved, attrs) =>
      gradient.backward(
        Array.isArray(dys) ? dys : [dys],
        saved,
        attrs as unknown as KernelAttrs,
      ) as Record<string, () => tf.Tensor>,
  });
}

function serve(
  entry: Entry,
  backendName: string,
  call: KernelCall<KernelInputs, KernelAttrs>,
): tf.TensorInfo[] {
  const { name, composite } = entry.definition;
  const mode = kernelMode();
  const version = mode === 'composite' ? undefined : versionOf(entry, backendName);
  if (version !== undefined && (version.takes?.(call) ?? true)) {
    if (!entry.verdicts.has(backendName)) void test(entry, version, backendName);
    const verdict = entry.verdicts.get(backendName);
    if (verdict?.serves) return version.run({ ...call, backend: tf.backend() });
    if (mode === 'native') {
      const reason = verdict?.reason ?? 'it was not compared yet: await kernelsReady()';
      throw new BackendError(
        `composites are forbidden, and the ${backendName} kernel ${name} cannot serve: ${reason}`,
      );
    }
  }
  return tf.tidy(() => composite(call));
}

function versionOf(
  { definition }: Entry,
  backendName: string,
): NativeVersion<KernelInputs, KernelAttrs> | undefined {
  const versions: Readonly<Record<string, NativeVersion<KernelInputs, KernelAttrs> | undefined>> =
    definition.versions ?? {};
  return versions[backendName];
}

/** Finds out, once, whether a version may serve; on backends that can be read at once it is known on return. */
function test(
  entry: Entry,
  version: NativeVersion<KernelInputs, KernelAttrs>,
  backendName: string,
): Promise<void> {
  const running = entry.tests.get(backendName);
  if (running !== undefined) return running;
  // Known before the comparison begins: that may run the kernel itself, which its composite serves meanwhile.
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  entry.tests.set(backendName, finished);
  if (entry.verdicts.has(backendName) || settleAbsent(entry, version, backendName)) finish();
  else if (backendName === 'webgpu') {
    void selfTestLater(entry.definition, version).then((difference) => {
      settle(entry, backendName, difference);
      finish();
    });
  } else {
    try {
      settle(entry, backendName, selfTest(entry.definition, version));
    } catch (error) {
      entry.tests.delete(backendName);
      throw error;
    } finally {
      finish();
    }
  }
  return finished;
}

function settleAbsent(
  { verdicts }: Entry,
  version: NativeVersion<KernelInputs, KernelAttrs>,
  backendName: string,
): boolean {
  const reason = version.absent?.();
  if (reason !== undefined) verdicts.set(backendName, { serves: false, reason });
  return reason !== undefined;
}

function settle(
  { definition, verdicts }: Entry,
  backendName: string,
  difference: string | undefined,
): void {
  if (difference === undefined) {
    verdicts.set(backendName, { serves: true });
    return;
  }
  verdicts.set(backendName, { serves: false, reason: difference });
  // biome-ignore lint/suspicious/noConsole: a person must hear that a kernel is wrong on their machine.
  console.warn(
    `neverend: the ${backendName} kernel ${definition.name} is not used on this machine, since it disagrees with its reference: ${difference}`,
  );
}
