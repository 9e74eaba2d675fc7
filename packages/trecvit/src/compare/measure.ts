import { readFileSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { kernelMode, setKernelMode } from '@neverend/backend';
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
  const watched = watchBuffers(weights, given);
  try {
    const begin = performance.now();
    const result = run();
    await result.data();
    const seconds = (performance.now() - begin) / 1000;
    result.dispose();
    const residentBytes = resets ? residentPeak() : undefined;
    const tensorBytes = watched.peak();
    return { seconds, tensorBytes, ...(residentBytes === undefined ? {} : { residentBytes }) };
  } finally {
    watched.end();
  }
}

/** The kernel of attention. Its composite holds the weights. */
const attention = 'NeverendAttention';
/** Kernels that move nothing, although TensorFlow's give their results names of their own. */
const views = new Set(['ExpandDims', 'Identity', 'Reshape']);

/**
 * Counts the bytes of buffers that are alive, which `tf.memory` does not: there, tensors that share one count each. Lets attention hold
 * its weights where that is wanted.
 */
function watchBuffers(
  weights: AttentionWeights,
  given: readonly tf.Tensor[],
): { peak: () => number; end: () => void } {
  const engine = tf.engine();
  const { runKernel, trackTensor, removeDataId } = engine;
  const usual = kernelMode();
  const buffers = new Map<object, { readonly bytes: number; tensors: number }>();
  let bytes = 0;
  let most = 0;
  /** What the tensors that are made now only look at in another way. */
  let viewed: object | undefined;
  const add = ({ dataId, size, dtype }: tf.Tensor) => {
    if (buffers.has(dataId)) return;
    const shared = viewed && buffers.get(viewed);
    const buffer = shared ?? { bytes: size * tf.util.bytesPerElement(dtype), tensors: 0 };
    buffer.tensors++;
    buffers.set(dataId, buffer);
    if (shared === undefined) bytes += buffer.bytes;
    most = Math.max(most, bytes);
  };
  for (const tensor of given) add(tensor);
  engine.trackTensor = (tensor, backend) => {
    trackTensor.call(engine, tensor, backend);
    add(tensor);
  };
  engine.removeDataId = (dataId, backend) => {
    removeDataId.call(engine, dataId, backend);
    const buffer = buffers.get(dataId);
    buffers.delete(dataId);
    if (buffer !== undefined && --buffer.tensors === 0) bytes -= buffer.bytes;
  };
  engine.runKernel = ((name, inputs, attrs) => {
    const [mode, outer] = [kernelMode(), viewed];
    // Softmax and products, which the composite calls, are as they are.
    if (weights === 'held') setKernelMode(name === attention ? 'composite' : usual);
    viewed = views.has(name) ? Object.values(inputs)[0]?.dataId : undefined;
    try {
      return runKernel.call(engine, name, inputs, attrs);
    } finally {
      setKernelMode(mode);
      viewed = outer;
    }
  }) as typeof runKernel;
  return {
    peak: () => most,
    end: () => Object.assign(engine, { runKernel, trackTensor, removeDataId }),
  };
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

/** Bytes that the system could give to a process now. */
export function availableMemory(): number {
  return kibibytes('/proc/meminfo', 'MemAvailable') ?? freemem();
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
