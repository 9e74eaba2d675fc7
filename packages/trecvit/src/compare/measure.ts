import { readFileSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { kernelMode, setKernelMode, watchBytes } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { AttentionWeights } from './peak-memory.ts';

/** What one run of a model took. */
export interface Measured {
  readonly seconds: number;
  /** Bytes of all tensors when most of them were alive, those that were given included; what kernels use inside is not in it. */
  readonly tensorBytes: number;
  /** The most memory that the process had resident, libraries included; where the system tells. */
  readonly residentBytes?: number;
}

/**
 * Runs a model once, until its result is there, and disposes it.
 *
 * @param given the tensors that it has, parameters and input.
 */
export async function measure(
  run: () => tf.Tensor,
  weights: AttentionWeights,
  given: readonly tf.Tensor[],
): Promise<Measured> {
  const resets = resetResidentPeak();
  const watch = watchBytes(given);
  const letGo = weights === 'held' ? holdWeights() : undefined;
  try {
    const begin = performance.now();
    const result = run();
    await result.data();
    const seconds = (performance.now() - begin) / 1000;
    result.dispose();
    const residentBytes = resets ? residentPeak() : undefined;
    const tensorBytes = watch.peakBytes();
    return { seconds, tensorBytes, ...(residentBytes === undefined ? {} : { residentBytes }) };
  } finally {
    letGo?.();
    watch.end();
  }
}

/** Kernels that have attention in them. Their composites hold the weights. */
const withAttention = new Set(['NeverendAttention', 'NeverendEncoderBlock']);

/** Lets attention hold its weights until the function that it returns is called. */
function holdWeights(): () => void {
  const engine = tf.engine();
  const { runKernel } = engine;
  const usual = kernelMode();
  engine.runKernel = ((name, inputs, attrs) => {
    const mode = kernelMode();
    // Softmax and products, which the composite calls, are as they are.
    setKernelMode(withAttention.has(name) ? 'composite' : usual);
    try {
      return runKernel.call(engine, name, inputs, attrs);
    } finally {
      setKernelMode(mode);
    }
  }) as typeof runKernel;
  return () => Object.assign(engine, { runKernel });
}

/** Lets the peak begin anew at what is resident now; false where the system has no such thing. */
function resetResidentPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

function residentPeak(): number | undefined {
  return kibibytes('/proc/self/status', 'VmHWM');
}

/** Bytes that the system could give to a process now, within the limit of its container where Node tells it. */
export function availableMemory(): number {
  const free = kibibytes('/proc/meminfo', 'MemAvailable') ?? freemem();
  // Node 20.19 has none yet.
  const { availableMemory: within } = process as { availableMemory?: () => number };
  return Math.min(free, within?.() ?? free);
}

/** What a file of Linux has in a line such as `VmHWM: 12 kB`, in bytes. */
function kibibytes(file: string, name: string): number | undefined {
  try {
    const found = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'));
    return found?.[1] === undefined ? undefined : 1024 * Number(found[1]);
  } catch {
    return undefined;
  }
}
