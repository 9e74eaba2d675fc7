import * as tf from '@tensorflow/tfjs-core';
import { changeHeldBytes } from '../peak-bytes.ts';
import { heldAddonOutputs } from './addon.ts';

/** What ops of a kernel make for the next ones. */
export interface HeldOutputs {
  /** As `heldAddonOutputs`; freed at the end of the kernel at the latest. */
  readonly make: (
    ...call: Parameters<typeof heldAddonOutputs>
  ) => [tf.TensorInfo, ...tf.TensorInfo[]];
  /** Makes room at once. */
  readonly free: (made: Iterable<tf.TensorInfo>) => void;
}

/**
 * Runs a kernel that is made of several ops of the addon. The engine knows nothing of what lies between them, which takes it as long to track as a
 * small op takes; `watchBytes` counts it.
 */
export function withHeldOutputs<T>(backend: tf.KernelBackend, run: (outputs: HeldOutputs) => T): T {
  const held = new Map<tf.DataId, number>();
  const free = (made: Iterable<tf.TensorInfo>) => {
    for (const { dataId } of made) release(dataId);
  };
  const release = (dataId: tf.DataId) => {
    backend.disposeData(dataId);
    changeHeldBytes(-(held.get(dataId) ?? 0));
    held.delete(dataId);
  };
  try {
    return run({
      make: (...call) => {
        const made = heldAddonOutputs(...call);
        for (const { dataId, shape } of made) {
          const bytes = 4 * tf.util.sizeFromShape(shape);
          held.set(dataId, bytes);
          changeHeldBytes(bytes);
        }
        return made as [tf.TensorInfo, ...tf.TensorInfo[]];
      },
      free,
    });
  } finally {
    for (const dataId of held.keys()) release(dataId);
  }
}
