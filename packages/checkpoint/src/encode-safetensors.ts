import { swapToHostOrder } from './byte-order.ts';
import type { NamedArray } from './named-array.ts';
import { checkClass, layoutOf } from './safetensors-layout.ts';

/**
 * The bytes of a safetensors file, as the reference implementation writes them: widest elements first, then
 * by name in UTF-8, the data beginning at a multiple of 8. The same arrays and metadata in any order give
 * the same bytes.
 *
 * @throws CheckpointError naming the array or the metadata that cannot be written.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { head, arrays, dataBytes } = layoutOf(tensors, metadata);
  const file = new Uint8Array(head.length + dataBytes);
  file.set(head);
  let at = head.length;
  for (const { name, dtype, data } of arrays) {
    // Slices have none, and are written by streamSafetensors.
    checkClass(name, dtype, data);
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    swapToHostOrder(file.subarray(at, at + data.byteLength), data.BYTES_PER_ELEMENT);
    at += data.byteLength;
  }
  return file;
}
