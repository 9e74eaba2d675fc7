import { setRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError } from './checkpoint-error.ts';
import { described } from './described.ts';
import { type DType, shapeSize } from './named-array.ts';
import type { OpenSafetensors } from './open-safetensors.ts';
import { checkSliceOptions, type SliceOptions, splitRows } from './split-rows.ts';

/** What elements become, of which a tensor can hold every value. */
const tensorDTypes: { readonly [T in DType]?: 'float32' | 'int32' | 'bool' } = {
  float32: 'float32',
  int32: 'int32',
  int16: 'int32',
  int8: 'int32',
  uint16: 'int32',
  uint8: 'int32',
  bool: 'bool',
};

/**
 * Reads one array into a new tensor on the current backend. float32 of more than `sliceBytes` is read in slices of rows, each put into
 * its place in the tensor: a few slices are in memory beside it, and a table may have any size that the backend can hold.
 * That takes the backend's own kernel of `setRows` of `@neverend/nn`. Without one, as on `cpu`, and for int32 and bool, the array is
 * read in one piece.
 *
 * @returns float32 (of F32, F16 and BF16), int32 (of all integers of up to 32 bits but U32) or bool, in the array's shape; the
 * caller's to dispose.
 * @throws CheckpointError when there is no array of this name, it holds numbers that no tensor can hold, or it is damaged; the
 * signal's reason; TypeError or RangeError for a wrong option; the backend's error where the tensor does not fit.
 */
export async function readTensor(
  file: OpenSafetensors,
  name: string,
  options: SliceOptions = {},
): Promise<tf.Tensor> {
  const { sliceBytes, signal } = checkSliceOptions('readTensor', options);
  checkOpen(file);
  const { dtype, shape } = file.info(name);
  if (!goesInSlices(tensorDType(name, dtype), shape, sliceBytes)) {
    return readWhole(file, name, signal);
  }
  const { rows, row } = splitRows(shape, 4, sliceBytes);
  // Not trainable, so that an optimiser that runs meanwhile does not take it for one of its own.
  const table = tf.tidy(() => tf.variable(tf.fill([rows, ...row], 0), false));
  try {
    await fillRows(table, file, name, options);
    return tf.reshape(table, [...shape]);
  } finally {
    table.dispose();
  }
}

/**
 * Reads one array into a variable that is there, as `readTensor` does: the rows are replaced where they lie, and a table needs no second
 * one beside it, unless a clone or a reshape shares its memory. Here a slice has at least one row, however large that is.
 *
 * @param variable of the array's shape, and of the dtype that `readTensor` gives. Where the reading fails midway, the rows that were read
 * are new and the others old.
 * @throws as `readTensor`, and CheckpointError, before anything is read, when shape or dtype differ.
 */
export async function readIntoVariable(
  file: OpenSafetensors,
  name: string,
  variable: tf.Variable,
  options: SliceOptions = {},
): Promise<void> {
  const { sliceBytes, signal } = checkSliceOptions('readIntoVariable', options);
  checkOpen(file);
  const { dtype: elements, shape } = file.info(name);
  const dtype = tensorDType(name, elements);
  if (dtype !== variable.dtype || !tf.util.arraysEqual([...shape], variable.shape)) {
    throw new CheckpointError(
      `array ${JSON.stringify(name)} is ${dtype} [${shape}]; variable "${variable.name}" is ${variable.dtype} [${variable.shape}]`,
    );
  }
  if (goesInSlices(dtype, shape, sliceBytes)) {
    const rowBytes = 4 * shapeSize(shape.slice(1));
    const wholeRows = { ...options, sliceBytes: Math.max(sliceBytes, rowBytes) };
    return fillRows(variable, file, name, wholeRows);
  }
  const tensor = await readWhole(file, name, signal);
  variable.assign(tensor);
  tensor.dispose();
}

/** Whoever forgets to wait for `openSafetensors` has a promise. */
function checkOpen(file: unknown): void {
  if (typeof (file as Partial<OpenSafetensors> | undefined)?.info === 'function') return;
  throw new TypeError(
    `file was ${described(file)}; it must be what openSafetensors or openSafetensorsFile opens`,
  );
}

/** Puts each slice of an array into the rows of a table. */
async function fillRows(
  table: tf.Variable,
  file: OpenSafetensors,
  name: string,
  options: SliceOptions,
): Promise<void> {
  let first = 0;
  for await (const { data, shape } of file.slices(name, options)) {
    const [count = 0] = shape;
    tf.tidy(() => {
      const indices = tf.range(first, first + count, 1, 'int32');
      table.assign(setRows(table, indices, tf.tensor(data as Float32Array, [...shape])));
    });
    first += count;
  }
}

async function readWhole(
  file: OpenSafetensors,
  name: string,
  signal: AbortSignal | undefined,
): Promise<tf.Tensor> {
  signal?.throwIfAborted();
  const { dtype, shape, data } = await file.read(name);
  const wanted = tensorDType(name, dtype);
  const isAsItIs = dtype === wanted;
  const values = isAsItIs ? data : Int32Array.from(data as Int16Array);
  return tf.tensor(values as Int32Array, [...shape], wanted);
}

/** Whether an array is worth it, and this backend writes rows in place: another would copy the table for each slice. */
function goesInSlices(dtype: string, shape: readonly number[], sliceBytes: number): boolean {
  if (dtype !== 'float32' || shape.length === 0 || 4 * shapeSize(shape) <= sliceBytes) return false;
  return tf.tidy(() => {
    const table = tf.fill([1, 1], 0);
    const next = setRows(table, tf.zeros([1], 'int32'), tf.zeros([1, 1]));
    return next.dataId === table.dataId;
  });
}

function tensorDType(name: string, dtype: DType): 'float32' | 'int32' | 'bool' {
  const wanted = tensorDTypes[dtype];
  if (wanted !== undefined) return wanted;
  throw new CheckpointError(
    `array ${JSON.stringify(name)} is ${dtype}, which no tensor holds; read() gives it as a typed array`,
  );
}
