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

@inline
export function addRow(target: usize, source: usize, bytes: usize): void {
  let j: usize = 0;
  for (; j + 64 <= bytes; j += 64) {
    v128.store(target + j, f32x4.add(v128.load(target + j), v128.load(source + j)));
    v128.store(target + j, f32x4.add(v128.load(target + j, 16), v128.load(source + j, 16)), 16);
    v128.store(target + j, f32x4.add(v128.load(target + j, 32), v128.load(source + j, 32)), 32);
    v128.store(target + j, f32x4.add(v128.load(target + j, 48), v128.load(source + j, 48)), 48);
  }
  for (; j < bytes; j += 4) store<f32>(target + j, load<f32>(target + j) + load<f32>(source + j));
}
