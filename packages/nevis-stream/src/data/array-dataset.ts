import { createHash } from 'node:crypto';
import type { Dataset, DatasetKey, ImageBatch, Split, TaskKey } from '../types.ts';
import { labelFault } from './check-task.ts';
import { DataError } from './data-error.ts';

/** Examples in memory. */
export interface Examples {
  /** `[N, H, W, C]`, row-major. */
  readonly images: Uint8Array;
  /** `[N]`, class ids. */
  readonly labels: Int32Array;
}

/** The name that a stream knows one split of one data set by. */
export function datasetKey(taskName: string, split: Split): DatasetKey {
  return `${taskName.replace(/[ \-/~]/g, '_')}_${split}`;
}

/**
 * A data set whose examples are those of `parts`, one part after the other. The arrays are used as they are,
 * not copied.
 *
 * @throws DataError when a part's images do not fit its labels and `shape`, or a label is not a class id.
 */
export function arrayDataset(
  key: DatasetKey,
  task: TaskKey,
  shape: Dataset['shape'],
  parts: readonly Examples[],
): Dataset {
  const imageSize = shape[0] * shape[1] * shape[2];
  for (const part of parts) checkExamples(key, task, shape, part);
  const size = parts.reduce((sum, part) => sum + part.labels.length, 0);

  const batch = (indices: ArrayLike<number>): ImageBatch => {
    const images = new Uint8Array(indices.length * imageSize);
    const labels = new Int32Array(indices.length);
    for (let at = 0; at < indices.length; at++) {
      const index = indices[at] ?? Number.NaN;
      if (!Number.isInteger(index) || index < 0 || index >= size) {
        throw new RangeError(
          `indices[${at}] is ${index}; an index into ${key} must be an integer of at least 0 and below ${size}`,
        );
      }
      let local = index;
      for (const part of parts) {
        if (local < part.labels.length) {
          const from = local * imageSize;
          images.set(part.images.subarray(from, from + imageSize), at * imageSize);
          labels[at] = part.labels[local] ?? 0;
          break;
        }
        local -= part.labels.length;
      }
    }
    return { images, labels };
  };

  return { key, task, size, shape, sha256: hashExamples(shape, parts), batch };
}

function checkExamples(key: string, task: TaskKey, shape: Dataset['shape'], part: Examples): void {
  const { images, labels } = part;
  if (!(images instanceof Uint8Array)) {
    throw new DataError(`${key} has images in no Uint8Array; they must be bytes from 0 to 255`);
  }
  const expected = labels.length * shape[0] * shape[1] * shape[2];
  if (images.length !== expected) {
    throw new DataError(
      `${key} has ${images.length} bytes of images; ${labels.length} images of ${shape.join(' x ')} must have ${expected}`,
    );
  }
  const fault = labelFault(labels, task.numClasses);
  if (fault !== undefined) throw new DataError(`${key} ${fault}`);
}

/** SHA-256 of the shape as text, all images, and all labels as little-endian 32-bit integers. */
function hashExamples(shape: Dataset['shape'], parts: readonly Examples[]): string {
  const hash = createHash('sha256').update(`${shape.join(',')};`);
  for (const { images } of parts) hash.update(images);
  for (const { labels } of parts) {
    const bytes = new DataView(new ArrayBuffer(4 * labels.length));
    labels.forEach((label, index) => {
      bytes.setInt32(4 * index, label, true);
    });
    hash.update(bytes);
  }
  return hash.digest('hex');
}
