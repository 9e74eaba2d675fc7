/** `table[indices[k]] += rows[k]` in float64, in the order of k. @returns a new table. */
export function scatterAddRowsNaive(
  table: Float64Array,
  indices: ArrayLike<number>,
  rows: Float64Array,
): Float64Array {
  const width = indices.length === 0 ? 0 : rows.length / indices.length;
  const result = table.slice();
  for (let k = 0; k < indices.length; k++) {
    for (let d = 0; d < width; d++) {
      const at = (indices[k] ?? 0) * width + d;
      result[at] = (result[at] ?? 0) + (rows[k * width + d] ?? 0);
    }
  }
  return result;
}
