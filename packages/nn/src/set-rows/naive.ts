/** `table[indices[k]] = rows[k]`. @returns a new table. */
export function setRowsNaive(
  table: Float64Array,
  indices: ArrayLike<number>,
  rows: Float64Array,
): Float64Array {
  const width = indices.length === 0 ? 0 : rows.length / indices.length;
  const result = table.slice();
  for (let k = 0; k < indices.length; k++) {
    result.set(rows.subarray(k * width, (k + 1) * width), (indices[k] ?? 0) * width);
  }
  return result;
}
