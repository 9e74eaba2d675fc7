import { addMultiple, dot } from '@neverend/backend/assembly/sums.as';

/** The sums `from` to `to` of `picks` rows of a table of `count` rows each; other rows count as zeros. */
export function weightedRows(
  y: usize,
  table: usize,
  indices: usize,
  weights: usize,
  count: u32,
  picks: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let sum = from; sum < to; sum++) {
    const target = y + sum * bytes;
    memory.fill(target, 0, bytes);
    for (let pick = sum * picks; pick < (sum + 1) * picks; pick++) {
      const row = load<u32>(indices + (pick << 2));
      if (row >= count) continue;
      const weight = v128.load32_splat(weights + (pick << 2));
      addMultiple(target, table + usize(row) * bytes, weight, bytes);
    }
  }
}

/** The products of rows and the vectors `from` to `to`. */
export function rowProducts(
  products: usize,
  x: usize,
  table: usize,
  indices: usize,
  count: u32,
  picks: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let sum = from; sum < to; sum++) {
    for (let pick = sum * picks; pick < (sum + 1) * picks; pick++) {
      const row = load<u32>(indices + (pick << 2));
      const product = row < count ? dot(x + sum * bytes, table + usize(row) * bytes, bytes) : 0;
      store<f32>(products + (pick << 2), product);
    }
  }
}
