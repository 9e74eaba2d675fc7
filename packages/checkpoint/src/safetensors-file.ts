import { open } from 'node:fs/promises';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkNames, checkOptions } from './check-options.ts';
import type { DecodeSafetensorsOptions, Safetensors } from './decode-safetensors.ts';
import { fileSource } from './file-source.ts';
import { eachInFile, inFile } from './in-file.ts';
import type { NamedArray, SlicedArray } from './named-array.ts';
import { type OpenSafetensors, openSafetensors } from './open-safetensors.ts';
import { checkedEntries } from './safetensors-layout.ts';
import { checkSliceOptions, type SliceOptions } from './split-rows.ts';
import { streamSafetensors } from './stream-safetensors.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

/** A safetensors file on disk, open until it is closed. */
export interface SafetensorsFile extends OpenSafetensors {
  /** Closes the file; nothing can be read then. */
  close(): Promise<void>;
}

/**
 * Opens a safetensors file of any size; see `openSafetensors`. The caller closes it.
 *
 * @throws CheckpointError naming the file when its content is not valid, and the file system's error when it
 * cannot be read.
 */
export async function openSafetensorsFile(path: string): Promise<SafetensorsFile> {
  const handle = await open(path);
  try {
    const source = await fileSource(handle);
    const { info, read, slices, ...about } = await inFile(path, () => openSafetensors(source));
    return {
      ...about,
      info,
      read: (name) => inFile(path, () => read(name)),
      slices: (name, options) => eachInFile(path, slices(name, options)),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads a safetensors file, each array into memory of its own.
 *
 * @param options `names` are those of the arrays that are wanted. All that can be read if not given.
 * @throws CheckpointError naming the file when its content is not valid, or a wanted name that is not there or cannot be read;
 * the file system's error when it cannot be read; TypeError for an option that there is not, or names that are no list.
 */
export async function readSafetensors(
  path: string,
  options: Pick<DecodeSafetensorsOptions, 'names'> = {},
): Promise<Safetensors> {
  checkOptions('readSafetensors', options, ['names']);
  checkNames(options.names);
  const file = await openSafetensorsFile(path);
  try {
    const tensors: [string, NamedArray][] = [];
    for (const name of options.names ?? file.names) tensors.push([name, await file.read(name)]);
    const { metadata, unreadable } = file;
    return { tensors: Object.fromEntries(tensors), metadata, unreadable };
  } finally {
    await file.close();
  }
}

/**
 * Writes a safetensors file of any size, atomically: see `writeFileAtomic`. It has the bytes that `encodeSafetensors` gives, and is
 * never whole in memory: the next slice is asked for once the one before it is written.
 *
 * @param tensors arrays, arrays in slices, and tensors of TensorFlow.js, which stay the caller's and are read in slices of rows. None may
 * change until it is written.
 * @param options `sliceBytes` is how much of a tensor is read at once. Where the signal is aborted, the old file stays.
 * @throws CheckpointError naming the array or the metadata that cannot be written, what the slices throw, the signal's
 * reason, the file system's error. TypeError or RangeError for a wrong option.
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, NamedArray | SlicedArray | Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
  options: SliceOptions = {},
): Promise<void> {
  const { signal } = checkSliceOptions('writeSafetensors', options);
  const arrays: [string, NamedArray | SlicedArray][] = [];
  for (const [name, array] of checkedEntries(tensors)) {
    arrays.push([name, 'dataId' in array ? await slicesOf(name, array, options) : array]);
  }
  const data = streamSafetensors(Object.fromEntries(arrays), metadata);
  await writeFileAtomic(path, data, { signal });
}

async function slicesOf(name: string, tensor: Tensor, options: SliceOptions): Promise<SlicedArray> {
  // TensorFlow.js is not loaded by those who have typed arrays.
  const { tensorSlices } = await import('./tensor-slices.ts');
  return inFile(`tensor ${JSON.stringify(name)}`, () => tensorSlices(tensor, options));
}
