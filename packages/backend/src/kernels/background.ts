import * as tf from '@tensorflow/tfjs-core';
import type { Extent } from './self-test.ts';
import { type Entry, isSettled, type Standing, settleLater } from './standing.ts';

/** Milliseconds without an operation after which a program counts as resting. */
const rest = 100;

let queue: Promise<void> = Promise.resolve();
let allowed = true;

/** A GPU that software plays takes a second for what a GPU does in a few milliseconds: no rest is that long. */
export function allowBackground(allow: boolean): void {
  allowed = allow;
}

/**
 * Compares a backend kernel on WebGPU behind the program's back, and in no one's way: one small case at a time, each when
 * the program has asked for nothing for a while and the GPU has done all that it had to. A program that never rests waits for
 * `kernelsReady` or goes on with composites.
 */
export function compareInBackground(entry: Entry, standing: Standing, extent: Extent): void {
  if (!allowed || standing.waiting) return;
  standing.waiting = true;
  // Somebody may have waited for it meanwhile.
  const isDue = async () => (await whenResting()) && !isSettled(standing, extent);
  queue = queue
    .then(() => settleLater(entry, standing, extent, isDue))
    .finally(() => {
      standing.waiting = false;
    });
}

/** @returns false once another backend is current. */
async function whenResting(): Promise<boolean> {
  let before: number;
  do {
    before = nextTensor();
    await new Promise<void>((resolve) => {
      const timer: unknown = setTimeout(resolve, rest);
      // In Node a timer keeps the process.
      (timer as { unref?: () => void }).unref?.();
    });
    if (tf.getBackend() !== 'webgpu') return false;
    await (tf.backend() as unknown as { device: GPUDevice }).device.queue.onSubmittedWorkDone();
  } while (nextTensor() !== before + 1);
  return tf.getBackend() === 'webgpu';
}

/** Tensors are numbered in the order in which they are made. */
const nextTensor = (): number => tf.tidy(() => tf.scalar(0).id);
