import { checkOptions } from '@neverend/backend';
import {
  type BinaryFile,
  CheckpointError,
  decodeSafetensors,
  type NamedArray,
  openNpz,
} from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { listedFaults } from './check-params.ts';
import { checkConfig, type TRecViTConfig } from './config.ts';
import { paramShapes } from './param-shapes.ts';

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
  const total = Object.values(shapes).reduce(
    (sum, shape) => sum + tf.util.sizeFromShape([...shape]),
    0,
  );
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
      if (array.shape.join() !== shape.join()) {
        misshapen.push(`${name} [${array.shape.join(', ')}], which must be [${shape.join(', ')}]`);
        continue;
      }
      if (array.dtype !== 'float32' && array.dtype !== 'float64') {
        misshapen.push(`${name} of ${array.dtype}, which must be float32`);
        continue;
      }
      // TensorFlow.js knows no Float64Array.
      const data = array.dtype === 'float32' ? array.data : Float32Array.from(array.data);
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
  const start = await firstBytes(file);
  // What a ZIP file begins with; the length of a safetensors header is below 2^27.
  if (start.join() === '80,75,3,4' || start.join() === '80,75,5,6') return openNpz(file);
  const { tensors } = decodeSafetensors(await allBytes(file));
  return {
    names: Object.keys(tensors),
    read: async (name) => tensors[name] as NamedArray,
  };
}

const firstBytes = (file: BinaryFile) => bytesOf(file, 4);
const allBytes = (file: BinaryFile) => bytesOf(file);

async function bytesOf(file: BinaryFile, end?: number): Promise<Uint8Array> {
  if ('byteLength' in file) {
    return (ArrayBuffer.isView(file) ? file : new Uint8Array(file)).subarray(0, end);
  }
  const until = Math.min(end ?? file.size, file.size);
  return 'arrayBuffer' in file
    ? new Uint8Array(await file.slice(0, until).arrayBuffer())
    : file.read(0, until);
}
