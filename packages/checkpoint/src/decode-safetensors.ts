import { swapToHostOrder } from './byte-order.ts';
import type { NamedArray } from './named-array.ts';
import { dataStartOf, type Entry, lengthBytes, readHeader } from './safetensors-header.ts';

/** Named arrays and the free text entries beside them. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, NamedArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file. The whole header is checked before anything is allocated for an array: every
 * byte of the data belongs to exactly one. The arrays are copies, so data may begin at any byte. F16 and BF16
 * become float32.
 *
 * @throws CheckpointError naming the field that is wrong.
 */
export function decodeSafetensors(file: Uint8Array): Safetensors {
  const dataStart = dataStartOf(file.subarray(0, lengthBytes), file.length);
  const data = file.subarray(dataStart);
  const { entries, metadata } = readHeader(file.subarray(lengthBytes, dataStart), data.length);
  const tensors = entries.map(
    (entry) =>
      [entry.name, arrayOf(entry, new Uint8Array(data.subarray(entry.start, entry.end)))] as const,
  );
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** @param bytes those of the tensor alone, which become the array's. */
export function arrayOf({ format, shape }: Entry, bytes: Uint8Array<ArrayBuffer>): NamedArray {
  swapToHostOrder(bytes, format.bytes);
  return format.read(bytes.buffer, shape);
}
