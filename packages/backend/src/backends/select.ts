import * as tf from '@tensorflow/tfjs-core';
import type { ChosenName } from '../backend-name.ts';
import { isNotInstalled, reasonOf } from '../platform.ts';
import type { AbsentBackend } from './types.ts';

/** The status of a backend that cannot run here. */
export function absent(name: ChosenName, reason: string, fix?: string): AbsentBackend {
  return { available: false, name, reason, ...(fix === undefined ? {} : { fix }) };
}

export const countOfThreads = (threads: number): string =>
  `${threads} thread${threads === 1 ? '' : 's'}`;

/** Backends whose start was given up. What is left of that start must not select them under those who took another. */
const abandoned = new Set<ChosenName>();

/** Makes a backend current. `tf.setBackend` answers false, and logs, where the backend's factory fails. */
export async function select(name: ChosenName): Promise<void> {
  if (abandoned.has(name)) throw new Error(`the start of "${name}" was given up`);
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not initialise "${name}"`);
}

/** Lets a backend be selected, at a new start. */
export const allow = (name: ChosenName): unknown => abandoned.delete(name);

/** Gives up a start that does not end, so that TensorFlow.js does not wait for it either. The backend may start again later. */
export function abandon(name: ChosenName): void {
  abandoned.add(name);
  forgetPending(name);
}

/** Makes TensorFlow.js forget a backend that is starting. It only does so with one that is removed, so it is registered anew. */
export function forgetPending(name: string): void {
  const { backendName, registry, registryFactory } = tf.engine() as unknown as {
    backendName: string | null;
    registry: object;
    registryFactory: Readonly<
      Record<string, { factory: () => tf.KernelBackend; priority: number }>
    >;
  };
  const entry = registryFactory[name];
  if (entry === undefined || backendName !== name || name in registry) return;
  tf.removeBackend(name);
  tf.registerBackend(name, entry.factory, entry.priority);
}

/** The status of a backend whose package is missing or broken. */
export function absentPackage(name: ChosenName, specifier: string, error: unknown): AbsentBackend {
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
