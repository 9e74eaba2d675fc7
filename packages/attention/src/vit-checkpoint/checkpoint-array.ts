/** An array of a checkpoint, as the readers of `@neverend/checkpoint` give it. */
export interface CheckpointArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

/** Arrays by their names, without what stood before all of them. */
export type CheckpointArrays = ReadonlyMap<string, CheckpointArray>;

/** The numbers of an array, itself where it has them as float32. */
export const toFloat32 = ({ data }: CheckpointArray): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);
