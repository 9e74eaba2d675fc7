import { checkOptions } from '@neverend/backend';
import {
  type BinaryFile,
  CheckpointError,
  decodeSafetensors,
  type NamedArray,
  openNpz,
  toByteSource,
} from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { listedFaults, misfit } from './check-params.ts';
import { checkConfig, type TRecViTConfig } from './config.ts';
import { parameterCount, paramShapes } from './param-shapes.ts';

/** How parameters are read. */
export interface ReadOptions {
  /** Is told after each parameter how many numbers of all were read. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Stops the reading. */
  readonly signal?: AbortSignal;
}

/**
 * The parameters of a checkpoint: an .npz file as the official ones are, of which one array at a time is in memory, or a
 * safetensors file with the same names, which is read as a whole.
 *
 * @param file its bytes, a Blob, or random access to it.
 * @returns tensors by the names of `paramShapes`, the caller's to dispose.
 * @throws CheckpointError when it is neither, is damaged, or, naming all of them, when parameters are missing, unknown or of
 * another shape. @throws the signal's reason.
 */
export async function readParams(
  file: BinaryFile,
  config: TRecViTConfig,
  options: ReadOptions = {},
): Promise<Record<string, tf.Tensor>> {
  checkOptions('readParams', options, ['onProgress', 'signal']);
  const { onProgress, signal } = options;
  checkConfig(config);
  const shapes = paramShapes(config);
  const total = parameterCount(config);
  const params: Record<string, tf.Tensor> = {};
  const misshapen: string[] = [];
  let done = 0;
  try {
    const { names, read } = await arraysOf(file);
    for (const name of names) {
      const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
      if (shape === undefined) continue;
      signal?.throwIfAborted();
      const array = await read(name);
      const dtype = array.dtype === 'float64' ? 'float32' : array.dtype;
      const fault = misfit(name, { shape: array.shape, dtype }, shape);
      if (fault !== undefined) {
        misshapen.push(fault);
        continue;
      }
      // TensorFlow.js knows no Float64Array.
      const data =
        array.dtype === 'float64' ? Float32Array.from(array.data) : (array.data as Float32Array);
      params[name] = tf.tensor(data, [...shape], 'float32');
      done += array.data.length;
      onProgress?.({ done, total });
    }
    const known = new Set(names);
    const faults = listedFaults({
      missing: Object.keys(shapes).filter((name) => !known.has(name)),
      extra: names.filter((name) => !Object.hasOwn(shapes, name)),
      misshapen,
    });
    if (faults !== undefined) throw new CheckpointError(`the checkpoint ${faults}`);
    return params;
  } catch (error) {
    tf.dispose(params);
    throw error;
  }
}

interface Arrays {
  readonly names: readonly string[];
  read(name: string): Promise<NamedArray>;
}

async function arraysOf(file: BinaryFile): Promise<Arrays> {
  const source = toByteSource(file);
  const start = await source.read(0, Math.min(4, source.size));
  // What a ZIP file begins with; the length of a safetensors header is below 2^27.
  if (start.join() === '80,75,3,4' || start.join() === '80,75,5,6') return openNpz(source);
  const { tensors } = decodeSafetensors(await source.read(0, source.size));
  return {
    names: Object.keys(tensors),
    read: async (name) => tensors[name] as NamedArray,
  };
}
