import { checkOptions } from '@neverend/backend';
import { type BinaryFile, CheckpointError } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { listedFaults, misfit } from './check-params.ts';
import { checkConfig, type TRecViTConfig } from './config.ts';
import { type Arrays, openArrays } from './open-arrays.ts';
import { parameterCount, paramShapes } from './param-shapes.ts';

/** How parameters are read. */
export interface ReadOptions {
  /** Is told after each parameter how many numbers of all were read. */
  readonly onProgress?:
    | ((progress: { readonly done: number; readonly total: number }) => void)
    | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The parameters of a checkpoint: an .npz file as the official ones are, or a safetensors file with the same names. One array at a
 * time is in memory beside the tensors.
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
  checkConfig(config);
  return readArrays(await openArrays(file), config, options);
}

/** `readParams` of a file that is open. */
export async function readArrays(
  { names, read }: Arrays,
  config: TRecViTConfig,
  { onProgress, signal }: ReadOptions,
): Promise<Record<string, tf.Tensor>> {
  const shapes = paramShapes(config);
  const total = parameterCount(config);
  const params: Record<string, tf.Tensor> = {};
  const misshapen: string[] = [];
  let done = 0;
  try {
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
      known: Object.keys(shapes).length,
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
