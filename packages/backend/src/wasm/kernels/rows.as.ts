import { loadLanes, storeLanes } from './sums.as';

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
 * table[indices[k]] += rows[k] for every k in order, for the groups of four columns `from` to `to` of `width`. Rows that the table of
 * `count` rows does not have are left out.
 */
export function scatterAddRows(
  table: usize,
  indices: usize,
  rows: usize,
  count: u32,
  added: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const end = min(to << 2, width);
  for (let k: usize = 0; k < added; k++) {
    const row = load<u32>(indices + (k << 2));
    if (row >= count) continue;
    const target = table + ((usize(row) * width) << 2);
    const source = rows + ((k * width) << 2);
    for (let column = from << 2; column < end; column += 4) {
      const lanes = min(4, end - column);
      const at = column << 2;
      storeLanes(
        target + at,
        f32x4.add(loadLanes(target + at, lanes), loadLanes(source + at, lanes)),
        lanes,
      );
    }
  }
}
