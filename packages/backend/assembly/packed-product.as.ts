import { madd } from './madd.as';
import { packRows } from './pack.as';

// Products of a left factor that `packRows` has packed into panels [depth][4] and a right factor that `packColumns` or `packRows` has packed into
// panels [depth][8], both with zeros in missing lines.

/** Rows of a tile. V8 keeps 4 x 8 sums in registers, and spills more than that. */
export const TILE_ROWS: usize = 4;
/** Columns of a panel. */
export const PANEL: usize = 8;

/** Bytes of memory that `timesPanel` needs: a tile. */
export const TILE_BYTES: usize = TILE_ROWS * PANEL * 4;

/** Packs `rows` rows of `depth` numbers, `stride` bytes apart, as the left factor. */
@inline
export function packLeft(to: usize, from: usize, stride: usize, rows: usize, depth: usize): void {
  packRows(to, from, stride, rows, depth, TILE_ROWS);
}

/** c[4][8] = a[depth][4]' b[depth][8], or += where `add`, for rows of c `stride` bytes apart. */
function tile(a: usize, b: usize, depth: usize, c: usize, stride: usize, add: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = a + (depth << 4);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(a, 4);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(a, 8);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(a, 12);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    a += 16;
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
 * c = a b, or += a b where `add`, for `rows` packed rows of a and the panel of b at hand, of which `columns` columns are there. Rows of c
 * are `stride` bytes apart. `scratch` has `TILE_BYTES`.
 */
export function timesPanel(
  a: usize,
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
    const height = min(rows - i, TILE_ROWS);
    if (height == TILE_ROWS && columns == PANEL) tile(a, b, depth, c, stride, add);
    else {
      // The tile in full beside c, of which the part that exists is copied.
      const bytes = columns << 2;
      if (add) copy(scratch, PANEL << 2, c, stride, height, bytes);
      tile(a, b, depth, scratch, PANEL << 2, add);
      copy(c, stride, scratch, PANEL << 2, height, bytes);
    }
    a += depth << 4;
    c += TILE_ROWS * stride;
  }
}
