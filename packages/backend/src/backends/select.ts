import * as tf from '@tensorflow/tfjs-core';
import { isNotInstalled, reasonOf } from '../platform.ts';
import type { AbsentBackend, BackendName } from './types.ts';

/** The status of a backend that cannot run here. */
export function absent(name: BackendName, reason: string, fix?: string): AbsentBackend {
  return { available: false, name, reason, ...(fix === undefined ? {} : { fix }) };
}

export const countOfThreads = (threads: number): string =>
  `${threads} thread${threads === 1 ? '' : 's'}`;

/** Makes a backend current. `tf.setBackend` answers false, and logs, where the backend's factory fails. */
export async function select(name: BackendName): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not initialise "${name}"`);
}

/** The status of a backend whose package is missing or broken. */
export function absentPackage(name: BackendName, specifier: string, error: unknown): AbsentBackend {
  return isNotInstalled(error, specifier)
    ? absent(name, `${specifier} is not installed`, `npm install ${specifier}`)
    : absent(name, `${specifier} did not start: ${reasonOf(error)}`);
}

/**
 * Leaves no backend current. TensorFlow.js only does so when the current one is removed, and one that is
 * removed cannot come back; so an empty one is put in its place first.
 */
export async function selectNone(): Promise<void> {
  if (!tf.engine().backendName) return;
  const name = 'neverend-none';
  tf.registerBackend(name, () => Object.assign(new tf.KernelBackend(), { dispose() {} }));
  await tf.setBackend(name);
  tf.removeBackend(name);
}
