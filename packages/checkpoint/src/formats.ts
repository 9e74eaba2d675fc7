import { bfloat16ToFloat32, e4m3ToFloat32, e5m2ToFloat32, float16ToFloat32 } from './half.ts';
import type { DType, DTypeArrays, NamedArray } from './named-array.ts';

/** An element type of the file format. */
export interface Format {
  /** The name in the file. */
  readonly code: string;
  readonly bytes: number;
  /** What is written in this format; nothing for formats that are only read. */
  readonly dtype?: DType;
  /** Class name of the typed array that holds it. */
  readonly array: string;
  /**
   * An array of these bytes, a view of them where the format is one that is written.
   *
   * @param bytes exactly the array's, in the host's byte order, where its elements may lie.
   */
  readonly read: (bytes: Uint8Array, shape: readonly number[]) => NamedArray;
}

interface ArrayType<A> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

function format<T extends DType>(code: string, dtype: T, array: ArrayType<DTypeArrays[T]>): Format {
  return {
    code,
    bytes: array.BYTES_PER_ELEMENT,
    dtype,
    array: array.name,
    read: (bytes, shape) => ({ dtype, shape, data: viewOf(array, bytes) }) as NamedArray,
  };
}

function viewOf<A>(array: ArrayType<A>, { buffer, byteOffset, byteLength }: Uint8Array): A {
  return new array(buffer, byteOffset, byteLength / array.BYTES_PER_ELEMENT);
}

/** A format of few bits, which is read as float32. */
function smallFormat<A extends Uint8Array | Uint16Array>(
  code: string,
  array: ArrayType<A>,
  toFloat32: (bits: A) => Float32Array,
): Format {
  return {
    code,
    bytes: array.BYTES_PER_ELEMENT,
    array: array.name,
    read: (bytes, shape) => ({ dtype: 'float32', shape, data: toFloat32(viewOf(array, bytes)) }),
  };
}

/** The formats in the order in which the reference implementation writes them: the widest comes first. */
export const formats: readonly Format[] = [
  format('U64', 'uint64', BigUint64Array),
  format('I64', 'int64', BigInt64Array),
  format('F64', 'float64', Float64Array),
  format('F32', 'float32', Float32Array),
  format('U32', 'uint32', Uint32Array),
  format('I32', 'int32', Int32Array),
  smallFormat('BF16', Uint16Array, bfloat16ToFloat32),
  smallFormat('F16', Uint16Array, float16ToFloat32),
  format('U16', 'uint16', Uint16Array),
  format('I16', 'int16', Int16Array),
  format('I8', 'int8', Int8Array),
  format('U8', 'uint8', Uint8Array),
  smallFormat('F8_E4M3', Uint8Array, e4m3ToFloat32),
  smallFormat('F8_E5M2', Uint8Array, e5m2ToFloat32),
  format('BOOL', 'bool', Uint8Array),
];
