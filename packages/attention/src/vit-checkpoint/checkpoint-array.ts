import { checkObject, described } from '@neverend/backend';

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

/** @throws TypeError naming what is no array of a checkpoint. */
export function checkArrays(arrays: unknown): void {
  if (arrays instanceof Map) {
    throw new TypeError(
      'arrays was a Map; it must be an object of arrays by name, as Object.fromEntries makes of it',
    );
  }
  checkObject('arrays', arrays, 'of arrays by name');
  for (const [name, array] of Object.entries(arrays as object)) {
    const { shape, data } = (array ?? {}) as Partial<Record<'shape' | 'data', unknown>>;
    const was = (part: string, value: unknown, wanted: string) =>
      new TypeError(`arrays[${JSON.stringify(name)}]${part} was ${described(value)}; ${wanted}`);
    const wanted = 'it must be { shape, data }, as readers of checkpoints give it';
    if (typeof data === 'function' || typeof array !== 'object' || array === null)
      throw was('', array, wanted);
    if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0))
      throw was('.shape', shape, 'it must be a list of sizes');
    if (typeof data !== 'object' || typeof (data as ArrayLike<number> | null)?.length !== 'number')
      throw was('.data', data, 'it must be a list of numbers');
  }
}
