import { availableParallelism, cpus, loadavg } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import type { Machine } from './arm-result.ts';

/** This machine, now. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    backend: tf.getBackend(),
    versions: { node: process.versions.node, 'tfjs-core': tf.version_core },
    date: new Date().toISOString(),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}
