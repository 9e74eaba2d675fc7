import { type BackendName, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { ownOperations } from './own-operations.ts';
import type { Started } from './tfjs-operations.ts';

/** Readies a backend as a user of this repository's packages does. */
export async function start(name: string, threads: number): Promise<Started> {
  if (name === 'cpu' && threads > 1) throw new Error('plain JavaScript has one thread');
  const choice = await useBackend(name as BackendName, { threads });
  if (name === 'wasm' && threads > 1) {
    // What the backend says of itself decides, not what was asked for.
    const used = Number(/(\d+) threads?$/.exec(choice.device)?.[1] ?? 1);
    if (used < threads)
      throw new Error(`it runs on ${used} of ${threads} threads here (${choice.device})`);
  }
  return {
    hello: {
      versions: { '@tensorflow/tfjs-core': tf.version_core, [name]: choice.version },
      device: choice.device,
      timed: !choice.softwareGpu && name !== 'cpu',
      threads,
    },
    operations: ownOperations,
    gpu: choice.hardwareGpu || choice.softwareGpu,
  };
}
