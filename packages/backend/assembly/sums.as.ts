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

/** The largest of the four lanes, in each lane. */
@inline
export function largestLane(v: v128): v128 {
  const pairs = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.pmax(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
}

// Sixteen running sums: the additions to one need not wait for those to another, and few are added to a large one.

/** The sum of x - middle for `bytes` bytes of numbers. */
@inline
export function sum(x: usize, middle: f32, bytes: usize): f32 {
  const m = f32x4.splat(middle);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 64 <= bytes; j += 64) {
    a = f32x4.add(a, f32x4.sub(v128.load(x + j), m));
    b = f32x4.add(b, f32x4.sub(v128.load(x + j, 16), m));
    c = f32x4.add(c, f32x4.sub(v128.load(x + j, 32), m));
    d = f32x4.add(d, f32x4.sub(v128.load(x + j, 48), m));
  }
  for (; j + 16 <= bytes; j += 16) a = f32x4.add(a, f32x4.sub(v128.load(x + j), m));
  let total = sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; j < bytes; j += 4) total += load<f32>(x + j) - middle;
  return total;
}

/** The sum of (x - middle)². */
@inline
export function sumSquares(x: usize, middle: f32, bytes: usize): f32 {
  const m = f32x4.splat(middle);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 64 <= bytes; j += 64) {
    a = addSquare(v128.load(x + j), m, a);
    b = addSquare(v128.load(x + j, 16), m, b);
    c = addSquare(v128.load(x + j, 32), m, c);
    d = addSquare(v128.load(x + j, 48), m, d);
  }
  for (; j + 16 <= bytes; j += 16) a = addSquare(v128.load(x + j), m, a);
  let total = sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; j < bytes; j += 4) {
    const rest = load<f32>(x + j) - middle;
    total += rest * rest;
  }
  return total;
}

@inline
export function addSquare(x: v128, middle: v128, total: v128): v128 {
  const centred = f32x4.sub(x, middle);
  return madd(centred, centred, total);
}

/** The sum of x · y. */
@inline
export function dot(x: usize, y: usize, bytes: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 64 <= bytes; j += 64) {
    a = madd(v128.load(x + j), v128.load(y + j), a);
    b = madd(v128.load(x + j, 16), v128.load(y + j, 16), b);
    c = madd(v128.load(x + j, 32), v128.load(y + j, 32), c);
    d = madd(v128.load(x + j, 48), v128.load(y + j, 48), d);
  }
  for (; j + 16 <= bytes; j += 16) a = madd(v128.load(x + j), v128.load(y + j), a);
  let total = sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; j < bytes; j += 4) total += load<f32>(x + j) * load<f32>(y + j);
  return total;
}

/** y += factor · x, for a factor that all lanes have. */
@inline
export function addMultiple(y: usize, x: usize, factor: v128, bytes: usize): void {
  const whole = bytes & ~15;
  let j: usize = 0;
  for (; j < whole; j += 16) v128.store(y + j, madd(factor, v128.load(x + j), v128.load(y + j)));
  for (; j < bytes; j += 4) {
    v128.store_lane<f32>(y + j, madd(factor, v128.load32_splat(x + j), v128.load32_splat(y + j)), 0);
  }
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

/** Up to four numbers, and nothing of what lies behind them: zeros. */
@inline
export function loadLanes(at: usize, lanes: usize): v128 {
  return loadLanesOver(at, lanes, f32x4.splat(0));
}

/** Up to four numbers over the first lanes of `v`. */
@inline
export function loadLanesOver(at: usize, lanes: usize, v: v128): v128 {
  if (lanes == 4) return v128.load(at);
  v = v128.load_lane<f32>(at, v, 0);
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

/** Adds `bytes` bytes of numbers to those at `target`. */
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

/** Adds `lanes` numbers to those at `at`. */
@inline
export function addTo(at: usize, v: v128, lanes: usize): void {
  storeLanes(at, f32x4.add(loadLanes(at, lanes), v), lanes);
}
