import { madd } from '@neverend/backend/assembly/madd.as';

// Products of small matrices in scratch memory. The right factor is packed into panels [depth][8], with zeros in missing
// columns, as `packRows` and `packColumns` do it.

/** Rows of a tile: the left factor and the product need memory for a whole number of them. */
export const MR: usize = 4;
/** Columns of a panel. */
export const NR: usize = 8;

@inline
export function roundUp(size: usize, to: usize): usize {
  return (size + to - 1) / to * to;
}

/** c[4][8] = a[4][depth] b[depth][8], or += where `add`. Rows of a are `row` bytes apart, its columns `step`, rows of c `stride`. */
function tile(
  a: usize,
  row: usize,
  step: usize,
  b: usize,
  depth: usize,
  c: usize,
  stride: usize,
  add: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let a1 = a + row;
  let a2 = a1 + row;
  let a3 = a2 + row;
  const end = b + (depth << 5);
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    a += step;
    a1 += step;
    a2 += step;
    a3 += step;
    b += 32;
  }
  const row1 = c + stride;
  const row2 = row1 + stride;
  const row3 = row2 + stride;
  if (add) {
    c00 = f32x4.add(c00, v128.load(c));
    c01 = f32x4.add(c01, v128.load(c, 16));
    c10 = f32x4.add(c10, v128.load(row1));
    c11 = f32x4.add(c11, v128.load(row1, 16));
    c20 = f32x4.add(c20, v128.load(row2));
    c21 = f32x4.add(c21, v128.load(row2, 16));
    c30 = f32x4.add(c30, v128.load(row3));
    c31 = f32x4.add(c31, v128.load(row3, 16));
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(row1, c10);
  v128.store(row1, c11, 16);
  v128.store(row2, c20);
  v128.store(row2, c21, 16);
  v128.store(row3, c30);
  v128.store(row3, c31, 16);
}

/**
 * c[rows][columns] = a[rows][depth] b[depth][columns], or += where `add`. Rows of a are `row` bytes apart and its columns
 * `step`, so that it may be a transposed matrix; b was packed from `packedDepth` rows; rows of c are `stride` bytes
 * apart, and hold whole panels.
 */
export function multiply(
  a: usize,
  row: usize,
  step: usize,
  b: usize,
  packedDepth: usize,
  depth: usize,
  rows: usize,
  columns: usize,
  c: usize,
  stride: usize,
  add: bool,
): void {
  for (let j: usize = 0; j < columns; j += NR) {
    for (let i: usize = 0; i < rows; i += MR) {
      tile(a + i * row, row, step, b, depth, c + i * stride + (j << 2), stride, add);
    }
    b += packedDepth << 5;
  }
}
