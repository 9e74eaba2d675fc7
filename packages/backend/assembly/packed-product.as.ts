import { madd } from './madd.as';

// Products with a right factor that `packColumns` or `packRows` has packed into panels [depth][8], with zeros in missing columns.

/** Rows of a tile. V8 keeps 4 x 8 sums in registers, and spills more than that. */
export const TILE_ROWS: usize = 4;
/** Columns of a panel. */
export const PANEL: usize = 8;

/** Bytes of memory that `timesPanel` needs: a tile. */
export const TILE_BYTES: usize = TILE_ROWS * PANEL * 4;

/**
 * c[4][8] = a b, or += a b where `add`, for the rows of a at four addresses, and rows of c `stride` bytes apart.
 */
function tile(
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
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
  const end = b + (depth << 5);
  // Four steps at once, so that the addresses are counted up once for all of them.
  const fours = b + ((depth & ~3) << 5);
  while (b < fours) {
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let s = v128.load32_splat(a0);
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
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    s = v128.load32_splat(a0, 4);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(a1, 4);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(a2, 4);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(a3, 4);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    b0 = v128.load(b, 64);
    b1 = v128.load(b, 80);
    s = v128.load32_splat(a0, 8);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(a1, 8);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(a2, 8);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(a3, 8);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    b0 = v128.load(b, 96);
    b1 = v128.load(b, 112);
    s = v128.load32_splat(a0, 12);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(a1, 12);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(a2, 12);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(a3, 12);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    b += 128;
  }
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a0);
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
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
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

function copy(to: usize, toStride: usize, from: usize, fromStride: usize, rows: usize, bytes: usize): void {
  for (let i: usize = 0; i < rows; i++) memory.copy(to + i * toStride, from + i * fromStride, bytes);
}

/**
 * c = a b, or += a b where `add`, for `rows` rows of a and the panel of b at hand, of which `columns` columns are there. Rows of a
 * are `aStride` bytes apart, those of c `stride`. `scratch` has `TILE_BYTES`.
 */
export function timesPanel(
  a: usize,
  aStride: usize,
  rows: usize,
  b: usize,
  depth: usize,
  columns: usize,
  c: usize,
  stride: usize,
  add: bool,
  scratch: usize,
): void {
  for (let i: usize = 0; i < rows; i += TILE_ROWS) {
    const left = rows - i;
    if (left >= TILE_ROWS && columns == PANEL) {
      tile(a, a + aStride, a + 2 * aStride, a + 3 * aStride, b, depth, c, stride, add);
    } else {
      // The tile in full beside c, of which the part that exists is copied. Rows that are not there are the last one again.
      const height = min(left, TILE_ROWS);
      const bytes = columns << 2;
      if (add) copy(scratch, PANEL << 2, c, stride, height, bytes);
      tile(
        a, a + min<usize>(1, height - 1) * aStride, a + min<usize>(2, height - 1) * aStride,
        a + (height - 1) * aStride, b, depth, scratch, PANEL << 2, add,
      );
      copy(c, stride, scratch, PANEL << 2, height, bytes);
    }
    a += TILE_ROWS * aStride;
    c += TILE_ROWS * stride;
  }
}
