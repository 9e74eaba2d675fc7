import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError } from './checkpoint-error.ts';
import { described } from './described.ts';
import { type NamedArray, type SlicedArray, shapeSize } from './named-array.ts';
import { checkSliceOptions, type SliceOptions, splitRows } from './split-rows.ts';

/**
 * A tensor as an array to write, read from its backend one slice of rows at a time: a table that fills the memory can be written.
 *
 * @param tensor float32, int32 or bool, of any shape, which must not change until it is written; it stays the caller's.
 * @returns slices that can be asked for again. They throw the signal's reason once it is aborted.
 * @throws CheckpointError for another dtype or a disposed tensor, TypeError or RangeError for a wrong option, TypeError for what is no
 * tensor.
 */
export function tensorSlices(tensor: tf.Tensor, options: SliceOptions = {}): SlicedArray {
  const { sliceBytes, signal } = checkSliceOptions('tensorSlices', options);
  if (!(tensor instanceof tf.Tensor)) {
    throw new TypeError(`tensor was ${described(tensor)}; it must be a tensor of TensorFlow.js`);
  }
  const { dtype, shape } = tensor;
  checkAlive(tensor);
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
    throw new CheckpointError(`dtype was ${dtype}; it must be float32, int32 or bool`);
  }
  async function* slices(): AsyncGenerator<NamedArray['data']> {
    checkAlive(tensor);
    const elementBytes = tf.util.bytesPerElement(dtype);
    const { rows, row, rowsPerSlice } = splitRows(shape, elementBytes, sliceBytes);
    if (rowsPerSlice >= rows) {
      signal?.throwIfAborted();
      yield await tensor.data();
      return;
    }
    const width = shapeSize(row);
    const table = tf.reshape(tensor, [rows, width]);
    try {
      for (let first = 0; first < rows; first += rowsPerSlice) {
        signal?.throwIfAborted();
        const count = Math.min(rowsPerSlice, rows - first);
        const part = tf.slice(table, [first, 0], [count, width]);
        yield await part.data().finally(() => part.dispose());
      }
    } finally {
      table.dispose();
    }
  }
  return { dtype, shape, slices: { [Symbol.asyncIterator]: slices } } as SlicedArray;
}

function checkAlive({ isDisposed }: tf.Tensor): void {
  if (isDisposed)
    throw new CheckpointError('the tensor was disposed; it must be alive to be written');
}
