import { swapToHostOrder } from './byte-order.ts';
import { bytesOf } from './byte-source.ts';
import { checkOptions } from './check-options.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { otherKind } from './file-kind.ts';
import { fromFortranOrder } from './fortran-order.ts';
import { type NamedArray, shapeSize } from './named-array.ts';
import {
  checkNpyHeaderBytes,
  npyLengthBytes,
  npyPrefixBytes,
  parseNpyHeader,
} from './npy-header.ts';
import { PieceReader } from './piece-reader.ts';
import { UnreadableContent } from './unreadable-content.ts';

/**
 * Reads an .npy file out of its pieces. The header is checked against `size` before anything is allocated for
 * the array, and the pieces are read to their end.
 *
 * @param size bytes of all pieces together.
 * @param voidAsBfloat16 takes elements of two raw bytes as bfloat16.
 * @throws UnreadableContent when the content is whole and not an array, or not one that is read; CheckpointError when it is damaged;
 * what `pieces` throws.
 */
export async function npyOfPieces(
  pieces: AsyncIterable<Uint8Array, void, undefined>,
  size: number,
  voidAsBfloat16: boolean,
): Promise<NamedArray> {
  const reader = new PieceReader(pieces);
  try {
    if (size < npyPrefixBytes) throw new UnreadableContent('its content is cut off');
    const lengthBytes = npyLengthBytes(await reader.take(npyPrefixBytes));
    const length = await reader.take(lengthBytes);
    const headerBytes = length.reduceRight((high, byte) => high * 256 + byte, 0);
    checkNpyHeaderBytes(headerBytes);
    const header = await reader.take(headerBytes);
    const { format, littleEndian, fortranOrder, shape } = parseNpyHeader(header, voidAsBfloat16);
    const dataBytes = size - npyPrefixBytes - lengthBytes - headerBytes;
    if (shapeSize(shape) * format.bytes !== dataBytes) {
      throw new CheckpointError(
        `its shape [${shape}] of ${format.code} does not fill its ${dataBytes} bytes`,
      );
    }
    const bytes = allocate(dataBytes);
    await reader.fill(bytes);
    await reader.finish();
    swapToHostOrder(bytes, format.bytes, littleEndian);
    const array = format.read(bytes, shape);
    return fortranOrder ? fromFortranOrder(array) : array;
  } catch (error) {
    // Where the bytes are damaged, that is what is wrong with them.
    if (error instanceof UnreadableContent) await reader.finish();
    throw error;
  } finally {
    await reader.close();
  }
}

/** How an .npy file is read. */
export interface NpyOptions {
  /**
   * Reads elements of two raw bytes (`|V2`), as which NumPy stores the bfloat16 of JAX and ml_dtypes, as
   * bfloat16; refused if not given.
   */
  readonly voidAsBfloat16?: boolean;
}

/**
 * Reads an .npy file of NumPy's `save`. float16 and bfloat16 become float32, Fortran order becomes row-major.
 *
 * @throws CheckpointError when the content is not an array, or not one that is read. @throws TypeError for an option that there is
 * not, or what is no file in memory.
 */
export async function decodeNpy(
  file: Uint8Array | ArrayBuffer,
  options: NpyOptions = {},
): Promise<NamedArray> {
  checkOptions('decodeNpy', options, ['voidAsBfloat16']);
  const all = bytesOf(file);
  const wrong = otherKind(all, 'npy');
  if (wrong !== undefined) throw wrong;
  const pieces = (async function* () {
    yield all;
  })();
  return npyOfPieces(pieces, all.length, options.voidAsBfloat16 ?? false);
}

function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (error) {
    throw new CheckpointError(`its ${bytes} bytes are more than this machine can allocate`, {
      cause: error,
    });
  }
}
