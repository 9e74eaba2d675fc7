/** Typed arrays by element type. */
export interface DTypeArrays {
  readonly float64: Float64Array;
  readonly float32: Float32Array;
  readonly int32: Int32Array;
  readonly int16: Int16Array;
  readonly int8: Int8Array;
  readonly uint32: Uint32Array;
  readonly uint16: Uint16Array;
  readonly uint8: Uint8Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
}

/** Element types of an array in memory. float16 and bfloat16 exist in files only and are read as float32. */
export type DType = keyof DTypeArrays;

/** An array in memory: row-major `data` of `shape`'s product elements; a scalar has shape `[]`. */
export type NamedArray = {
  readonly [T in DType]: {
    readonly dtype: T;
    readonly shape: readonly number[];
    readonly data: DTypeArrays[T];
  };
}[DType];

/**
 * An array that is never whole in memory: its elements in row-major order, in slices of any lengths, such as some rows each. A slice is
 * asked for once the one before it was taken, and may be made anew in the same memory.
 */
export type SlicedArray = {
  readonly [T in DType]: {
    readonly dtype: T;
    readonly shape: readonly number[];
    readonly slices: Iterable<DTypeArrays[T]> | AsyncIterable<DTypeArrays[T]>;
  };
}[DType];

/** Number of elements of a shape; 1 for a scalar. */
export function shapeSize(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** True for a list of sizes: exact integers >= 0. */
export function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
