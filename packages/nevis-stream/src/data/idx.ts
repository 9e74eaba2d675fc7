import { DataError } from './data-error.ts';

/** An array of bytes as an idx file holds it. */
export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major; a view of the file's bytes. */
  readonly data: Uint8Array;
}

/**
 * Reads an idx file of unsigned bytes (the format of MNIST): two zero bytes, the type 8, the rank, each
 * dimension as a big-endian 32-bit number, then the values.
 *
 * @param name What to call the file in errors.
 * @throws DataError when the content is not an idx file of bytes, or is shorter or longer than it declares.
 */
export function decodeIdx(file: Uint8Array, name: string): IdxArray {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 4 || view.getUint16(0) !== 0 || view.getUint8(2) !== 8) {
    const start = Buffer.from(file.subarray(0, 4)).toString('hex');
    throw new DataError(
      `${name} is not an idx file of bytes: it starts with 0x${start}, which must be 0x000008 and the rank`,
    );
  }
  const rank = view.getUint8(3);
  const offset = 4 + 4 * rank;
  if (rank === 0 || file.length < offset) {
    throw new DataError(
      `${name} ends within its header: it has ${file.length} bytes and rank ${rank}, which must be at least 1`,
    );
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, length) => product * length, 1);
  if (file.length - offset !== size) {
    throw new DataError(
      `${name} holds ${file.length - offset} values, and its header declares [${shape.join(', ')}], which are ${size}`,
    );
  }
  return { shape, data: file.subarray(offset) };
}
