/** table[indices[k]] = rows[k] for k from `from` to `to`; rows that the table of `count` rows does not have are left out. */
export function setRows(
  table: usize,
  indices: usize,
  rows: usize,
  count: u32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let k = from; k < to; k++) {
    const row = load<u32>(indices + (k << 2));
    if (row < count) memory.copy(table + usize(row) * bytes, rows + k * bytes, bytes);
  }
}
