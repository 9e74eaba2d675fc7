import { addMultiple, dot } from '@neverend/backend/assembly/sums.as';

/**
 * The sums `from` to `to`, out of `sums`, of `picks` rows of a table of `count` rows each; other rows count as zeros. All picks are gone through in the order of `sequence`, or, where
 * it is 0, sum by sum.
 */
export function weightedRows(
  y: usize,
  table: usize,
  indices: usize,
  weights: usize,
  sequence: usize,
  count: u32,
  sums: usize,
  picks: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  memory.fill(y + from * bytes, 0, (to - from) * bytes);
  const begin = sequence == 0 ? from * picks : 0;
  const end = (sequence == 0 ? to : sums) * picks;
  for (let at = begin; at < end; at++) {
    const pick = sequence == 0 ? at : <usize>load<u32>(sequence + (at << 2));
    const sum = pick / picks;
    if (sum < from || sum >= to) continue;
    const row = load<u32>(indices + (pick << 2));
    if (row >= count) continue;
    const weight = v128.load32_splat(weights + (pick << 2));
    addMultiple(y + sum * bytes, table + usize(row) * bytes, weight, bytes);
  }
}

/** The products of rows and the vectors `from` to `to`, in the same order. */
export function rowProducts(
  products: usize,
  x: usize,
  table: usize,
  indices: usize,
  sequence: usize,
  count: u32,
  sums: usize,
  picks: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  const begin = sequence == 0 ? from * picks : 0;
  const end = (sequence == 0 ? to : sums) * picks;
  for (let at = begin; at < end; at++) {
    const pick = sequence == 0 ? at : <usize>load<u32>(sequence + (at << 2));
    const sum = pick / picks;
    if (sum < from || sum >= to) continue;
    const row = load<u32>(indices + (pick << 2));
    const product = row < count ? dot(x + sum * bytes, table + usize(row) * bytes, bytes) : 0;
    store<f32>(products + (pick << 2), product);
  }
}
