/** out[k] = table[indices[k]] for k from `from` to `to`; zeros for a row that the table of `count` rows does not have. */
export function gatherRows(
  out: usize,
  table: usize,
  indices: usize,
  count: u32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let k = from; k < to; k++) {
    const row = load<u32>(indices + (k << 2));
    if (row < count) memory.copy(out + k * bytes, table + usize(row) * bytes, bytes);
    else memory.fill(out + k * bytes, 0, bytes);
  }
}
