import { checkOptions } from './check-options.ts';
import { shapeSize } from './named-array.ts';

/** How a large array is read or written. */
export interface SliceOptions {
  /** About how many bytes of it are in memory at once; 16 MiB if not given. */
  readonly sliceBytes?: number;
  /** Ends the work between two slices. */
  readonly signal?: AbortSignal;
}

/** @throws TypeError for an option that there is not, RangeError for a size that is not an integer above 0. */
export function checkSliceOptions(
  owner: string,
  options: SliceOptions,
): { readonly sliceBytes: number; readonly signal: AbortSignal | undefined } {
  checkOptions(owner, options, ['sliceBytes', 'signal']);
  const { sliceBytes = 2 ** 24, signal } = options;
  if (Number.isSafeInteger(sliceBytes) && sliceBytes > 0) return { sliceBytes, signal };
  throw new RangeError(`sliceBytes was ${sliceBytes}; it must be an integer above 0`);
}

/** An array as rows, some of which are a slice. */
export interface SplitRows {
  readonly rows: number;
  /** The shape of a row. */
  readonly row: readonly number[];
  readonly rowsPerSlice: number;
}

/**
 * Takes an array apart into slices of rows of at most `sliceBytes`, or of one element where that is more. Where rows of the first
 * axis have more, they are taken apart too: the first axes, taken together, then number the rows.
 */
export function splitRows(
  shape: readonly number[],
  elementBytes: number,
  sliceBytes: number,
): SplitRows {
  const bytesFrom = (axis: number) => shapeSize(shape.slice(axis)) * elementBytes;
  let axis = Math.min(1, shape.length);
  while (bytesFrom(axis) > sliceBytes && axis < shape.length) axis++;
  const rows = shapeSize(shape.slice(0, axis));
  const rowsPerSlice = Math.max(1, Math.min(rows, Math.floor(sliceBytes / bytesFrom(axis))));
  return { rows, row: shape.slice(axis), rowsPerSlice };
}
