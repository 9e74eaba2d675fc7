import { createHash } from 'node:crypto';
import { encodeSafetensors, type NamedArray } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';

/** Named arrays in memory, as checkpoints hold them. */
export type Arrays = Readonly<Record<string, NamedArray>>;

/** Copies tensors out of the backend. The tensors stay the caller's. */
export async function toArrays(tensors: Readonly<Record<string, tf.Tensor>>): Promise<Arrays> {
  const entries = Object.entries(tensors).map(
    async ([name, tensor]): Promise<[string, NamedArray]> => {
      // data() may be a view of the backend's own memory, which the next kernel overwrites.
      const data = Float32Array.from(await tensor.data<'float32'>());
      return [name, { dtype: 'float32', shape: tensor.shape, data }];
    },
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** @returns a new tensor, the caller's to dispose. */
export function toTensor(array: NamedArray): tf.Tensor {
  return tf.tensor(Float32Array.from(array.data as Float32Array), [...array.shape], 'float32');
}

/** The entries under `prefix`, without it. */
export function withoutPrefix(arrays: Arrays, prefix: string): Arrays {
  return Object.fromEntries(
    Object.entries(arrays)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, array]) => [name.slice(prefix.length), array]),
  );
}

/** The entries with `prefix` before each name. */
export function withPrefix(arrays: Arrays, prefix: string): Arrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [`${prefix}${name}`, array]),
  );
}

/** SHA-256 (hex) over names, shapes and values. */
export function hashArrays(arrays: Arrays): string {
  return createHash('sha256').update(encodeSafetensors(arrays)).digest('hex');
}
