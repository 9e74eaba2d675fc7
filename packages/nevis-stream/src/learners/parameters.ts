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

/** @returns new tensors, the caller's to dispose. */
export function toTensors(arrays: Arrays): Readonly<Record<string, tf.Tensor>> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { data, shape }]) => [
      name,
      tf.tensor(Float32Array.from(data as Float32Array), [...shape], 'float32'),
    ]),
  );
}

/** SHA-256 (hex) over names, shapes and values. */
export function hashArrays(arrays: Arrays): string {
  return createHash('sha256').update(encodeSafetensors(arrays)).digest('hex');
}
