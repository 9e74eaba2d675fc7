import { littleEndianHost, swapToHostOrder } from './byte-order.ts';
import { bytesOf } from './byte-source.ts';
import { checkNames, checkOptions } from './check-options.ts';
import { otherKind } from './file-kind.ts';
import type { Format } from './formats.ts';
import type { NamedArray } from './named-array.ts';
import { dataStartOf, lengthBytes, pickEntries, readHeader } from './safetensors-header.ts';

/** Named arrays and the free text entries beside them. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, NamedArray>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The formats of tensors that are not among them because they cannot be read (`F4`, `C64`, ...), as the file names them. */
  readonly unreadable: Readonly<Record<string, string>>;
}

/** How the bytes of a safetensors file become arrays. */
export interface DecodeSafetensorsOptions {
  /**
   * Gives views of the file's bytes in the place of copies, where their place in memory allows: half of the memory, as long as nobody
   * writes to either. Copies if not given.
   */
  readonly views?: boolean;
  /** Names of the tensors that are wanted. All that can be read if not given. */
  readonly names?: readonly string[];
}

/**
 * Reads a safetensors file. The whole header is checked before anything is allocated for an array: every
 * byte of the data belongs to exactly one. Data may begin at any byte. F16, BF16, F8_E4M3 and F8_E5M2 become float32.
 *
 * @throws CheckpointError naming the field that is wrong, or a wanted name that is not there or cannot be read; TypeError for an option that
 * there is not, names that are no list, or what is no file in memory.
 */
export function decodeSafetensors(
  file: Uint8Array | ArrayBuffer,
  options: DecodeSafetensorsOptions = {},
): Safetensors {
  checkOptions('decodeSafetensors', options, ['views', 'names']);
  checkNames(options.names);
  const all = bytesOf(file);
  const wrong = otherKind(all, 'safetensors');
  if (wrong !== undefined) throw wrong;
  const dataStart = dataStartOf(all.subarray(0, lengthBytes), all.length);
  const data = all.subarray(dataStart);
  const header = readHeader(all.subarray(lengthBytes, dataStart), data.length);
  const tensors = pickEntries(header, options.names).map(({ name, format, shape, start, end }) => {
    const bytes = data.subarray(start, end);
    return [
      name,
      options.views ? viewOf(format, shape, bytes) : arrayOf(format, shape, new Uint8Array(bytes)),
    ] as const;
  });
  const { metadata, unreadable } = header;
  return { tensors: Object.fromEntries(tensors), metadata, unreadable };
}

/** @param bytes those of the array alone, which become its own. */
export function arrayOf(format: Format, shape: readonly number[], bytes: Uint8Array): NamedArray {
  swapToHostOrder(bytes, format.bytes);
  return format.read(bytes, shape);
}

/** The same from bytes that stay as they are: a view of them, or a copy where their place or their order rules that out. */
export function viewOf(format: Format, shape: readonly number[], bytes: Uint8Array): NamedArray {
  const isAligned = bytes.byteOffset % format.bytes === 0;
  if (isAligned && littleEndianHost) return format.read(bytes, shape);
  return arrayOf(format, shape, new Uint8Array(bytes));
}
