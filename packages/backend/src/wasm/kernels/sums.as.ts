import { madd } from './madd.as';

/** The sum of the four lanes. */
@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** The sum of `bytes` bytes of numbers, in eight running sums, so that few are added to a large one. */
@inline
export function sum(x: usize, bytes: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 32 <= bytes; j += 32) {
    a = f32x4.add(a, v128.load(x + j));
    b = f32x4.add(b, v128.load(x + j, 16));
  }
  let total = sumLanes(f32x4.add(a, b));
  for (; j < bytes; j += 4) total += load<f32>(x + j);
  return total;
}

/** The sum of (x - middle)². */
@inline
export function sumSquares(x: usize, middle: f32, bytes: usize): f32 {
  const m = f32x4.splat(middle);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 32 <= bytes; j += 32) {
    const c = f32x4.sub(v128.load(x + j), m);
    const d = f32x4.sub(v128.load(x + j, 16), m);
    a = madd(c, c, a);
    b = madd(d, d, b);
  }
  let total = sumLanes(f32x4.add(a, b));
  for (; j < bytes; j += 4) {
    const c = load<f32>(x + j) - middle;
    total += c * c;
  }
  return total;
}

/** The sum of x · y. */
@inline
export function dot(x: usize, y: usize, bytes: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 32 <= bytes; j += 32) {
    a = madd(v128.load(x + j), v128.load(y + j), a);
    b = madd(v128.load(x + j, 16), v128.load(y + j, 16), b);
  }
  let total = sumLanes(f32x4.add(a, b));
  for (; j < bytes; j += 4) total += load<f32>(x + j) * load<f32>(y + j);
  return total;
}

/** Rows whose sum is made before it is added to the column's: a long column loses fewer digits so. */
const ROWS: usize = 64;

/** out[j] = Σ over `rows` rows of x, for the groups of four columns `from` to `to` of `width`. */
export function sumColumns(
  out: usize,
  x: usize,
  rows: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const end = min(to << 2, width);
  for (let column = from << 2; column < end; column += 4) {
    const lanes = min(4, end - column);
    let total = f32x4.splat(0);
    for (let row: usize = 0; row < rows; ) {
      const stop = min(row + ROWS, rows);
      let part = f32x4.splat(0);
      for (; row < stop; row++) {
        part = f32x4.add(part, loadLanes(x + ((row * width + column) << 2), lanes));
      }
      total = f32x4.add(total, part);
    }
    storeLanes(out + (column << 2), total, lanes);
  }
}

/** Up to four numbers, and nothing of what lies behind them. */
@inline
export function loadLanes(at: usize, lanes: usize): v128 {
  if (lanes == 4) return v128.load(at);
  let v = v128.load32_zero(at);
  if (lanes > 1) v = v128.load_lane<f32>(at + 4, v, 1);
  if (lanes > 2) v = v128.load_lane<f32>(at + 8, v, 2);
  return v;
}

@inline
export function storeLanes(at: usize, v: v128, lanes: usize): void {
  if (lanes == 4) {
    v128.store(at, v);
    return;
  }
  v128.store_lane<f32>(at, v, 0);
  if (lanes > 1) v128.store_lane<f32>(at + 4, v, 1);
  if (lanes > 2) v128.store_lane<f32>(at + 8, v, 2);
}
