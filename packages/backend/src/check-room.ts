import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from './errors.ts';
import { mostHeapBytes } from './wasm/checked-heap.ts';
import { asWebgpu } from './webgpu/backend.ts';

/**
 * What is about to be made fits the current backend: on `wasm` all of it beside all tensors that there are, on `webgpu` each tensor the largest binding of the device. Other backends
 * have no limit that is known before.
 *
 * @param shapes of float32 tensors, by their names. @param advice what fits instead, for the end of the message.
 * @throws BackendError naming what does not fit, and the limit; nothing was allocated then.
 */
export function checkRoom(
  shapes: Readonly<Record<string, readonly number[]>>,
  advice: string,
): void {
  const limit = roomFor();
  if (limit === undefined) return;
  const sizes = Object.entries(shapes).map(
    ([name, shape]) => [name, shape, 4 * tf.util.sizeFromShape([...shape])] as const,
  );
  const tooLarge =
    limit.of === 'each'
      ? sizes.filter(([, , bytes]) => bytes > limit.bytes)
      : sizes.reduce((sum, [, , bytes]) => sum + bytes, 0) > limit.bytes
        ? sizes
        : [];
  if (tooLarge.length === 0) return;
  const named = tooLarge.map(([name, shape]) => `${name} [${shape.join(', ')}]`).join(', ');
  const total = tooLarge.reduce((sum, [, , bytes]) => sum + bytes, 0);
  throw new BackendError(
    `there is no room for ${named}, ${gigabytes(total)}: ${limit.words} ${gigabytes(limit.bytes)}; ${advice}`,
  );
}

/** How many bytes tensors that are about to be made may have on the current backend, all together or each; undefined where no limit is known. */
export function roomFor():
  | { readonly of: 'all' | 'each'; readonly bytes: number; readonly words: string }
  | undefined {
  switch (tf.getBackend()) {
    case 'wasm':
      return {
        of: 'all',
        bytes: Math.max(0, mostHeapBytes - tf.memory().numBytes),
        words: 'the wasm backend has, of its 4.3 GB, beside other tensors',
      };
    case 'webgpu': {
      const { limits } = asWebgpu(tf.backend() as tf.KernelBackend).device;
      const bytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
      return { of: 'each', bytes, words: 'the largest binding of this webgpu device has' };
    }
    default:
      return undefined;
  }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
