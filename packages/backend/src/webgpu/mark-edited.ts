import type { DataId } from '@tensorflow/tfjs-core';
import type { WebgpuBackend } from './backend.ts';

/**
 * To be called after a kernel wrote into data that existed before. TensorFlow.js keeps on the CPU what it read,
 * as data never changes for it; from now on every read of this data asks the GPU. To drop the copy there is now
 * would not be enough: a read that is under way stores what it got when it ends.
 */
export function markEdited({ tensorMap }: WebgpuBackend, dataId: DataId): void {
  Object.defineProperty(tensorMap.get(dataId), 'values', {
    get: () => null,
    set: () => {},
    configurable: true,
  });
}
