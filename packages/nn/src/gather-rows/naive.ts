/** Rows of `table` `[N, width]` by their numbers, in float64. */
export function gatherRowsNaive(
  table: Float64Array,
  indices: ArrayLike<number>,
  width: number,
): Float64Array {
  return Float64Array.from({ length: indices.length * width }, (_, at) => {
    const row = indices[Math.floor(at / width)] ?? 0;
    return table[row * width + (at % width)] ?? 0;
  });
}
