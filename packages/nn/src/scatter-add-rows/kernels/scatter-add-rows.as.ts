import { addRow } from '@neverend/backend/assembly/sums.as';

/**
 * table[indices[k]] += rows[k] for every k in order, for the rows `from` to `to` of the table. Rows that it does not have are left out.
 */
export function scatterAddRows(
  table: usize,
  indices: usize,
  rows: usize,
  added: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let k: usize = 0; k < added; k++) {
    const row = usize(load<u32>(indices + (k << 2)));
    if (row >= from && row < to) addRow(table + row * bytes, rows + k * bytes, bytes);
  }
}
