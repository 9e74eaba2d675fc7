import { loadLanes, storeLanes } from '../../../assembly/sums.as';

// A number that is added to a long sum loses what is below the last digit of the sum: in float32, ones add up to 2^24 and no further. Here few numbers
// are added to one sum, and few of these sums to the next.

/** Rows, or vectors of a row, that are added before their sum is added to the others'. */
const BLOCK: usize = 64;
/** Columns whose sums are made at once: a line of the cache. */
const STRIP: usize = 16;

/**
 * Sums over the middle axis of x, `[outer, length, inner]`, which is cut into `chunks` of `height`, each divided by `divisor`:
 * out is `[outer, chunks, inner]`, and unit i is chunk i % chunks of outer i / chunks.
 */
export function sumAxis(
  out: usize,
  x: usize,
  length: usize,
  inner: usize,
  height: usize,
  chunks: usize,
  divisor: f64,
  from: usize,
  to: usize,
): void {
  for (let unit = from; unit < to; unit++) {
    const first = (unit % chunks) * height;
    const rows = min(height, length - first);
    const at = x + ((((unit / chunks) * length + first) * inner) << 2);
    const into = out + ((unit * inner) << 2);
    if (inner == 1) store<f32>(into, f32(sumRow(at, rows) / divisor));
    else sumRows(into, at, rows, inner, f32(divisor));
  }
}

/** The sum of `count` numbers that follow each other. */
function sumRow(x: usize, count: usize): f64 {
  let total = f64x2.splat(0);
  const end = x + (count << 2);
  while (x + 16 <= end) {
    const stop = min(x + (BLOCK << 6), end);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (; x + 64 <= stop; x += 64) {
      a = f32x4.add(a, v128.load(x));
      b = f32x4.add(b, v128.load(x, 16));
      c = f32x4.add(c, v128.load(x, 32));
      d = f32x4.add(d, v128.load(x, 48));
    }
    for (; x + 16 <= stop; x += 16) a = f32x4.add(a, v128.load(x));
    total = f64x2.add(total, f64x2.add(addPairs(a, b), addPairs(c, d)));
  }
  let rest: f64 = 0;
  for (; x < end; x += 4) rest += f64(load<f32>(x));
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1) + rest;
}

/** The sum of two vectors in float64, two lanes on two. */
@inline
export function addPairs(a: v128, b: v128): v128 {
  const sum = f32x4.add(a, b);
  const last = v128.shuffle<f32>(sum, sum, 2, 3, 2, 3);
  return f64x2.add(f64x2.promote_low_f32x4(sum), f64x2.promote_low_f32x4(last));
}

/** out[j] = Σ over `rows` rows of x / divisor. */
function sumRows(out: usize, x: usize, rows: usize, inner: usize, divisor: f32): void {
  const stride = inner << 2;
  const end = x + rows * stride;
  const divisors = f32x4.splat(divisor);
  let column: usize = 0;
  for (; column + STRIP <= inner; column += STRIP) {
    let sumA = f32x4.splat(0);
    let sumB = sumA;
    let sumC = sumA;
    let sumD = sumA;
    let at = x + (column << 2);
    const past = end + (column << 2);
    while (at < past) {
      const stop = min(at + BLOCK * stride, past);
      let a = f32x4.splat(0);
      let b = a;
      let c = a;
      let d = a;
      for (; at < stop; at += stride) {
        a = f32x4.add(a, v128.load(at));
        b = f32x4.add(b, v128.load(at, 16));
        c = f32x4.add(c, v128.load(at, 32));
        d = f32x4.add(d, v128.load(at, 48));
      }
      sumA = f32x4.add(sumA, a);
      sumB = f32x4.add(sumB, b);
      sumC = f32x4.add(sumC, c);
      sumD = f32x4.add(sumD, d);
    }
    const to = out + (column << 2);
    v128.store(to, f32x4.div(sumA, divisors));
    v128.store(to, f32x4.div(sumB, divisors), 16);
    v128.store(to, f32x4.div(sumC, divisors), 32);
    v128.store(to, f32x4.div(sumD, divisors), 48);
  }
  for (; column < inner; column += 4) {
    const lanes = min(4, inner - column);
    let sum = f32x4.splat(0);
    let at = x + (column << 2);
    const past = end + (column << 2);
    while (at < past) {
      const stop = min(at + BLOCK * stride, past);
      let a = f32x4.splat(0);
      for (; at < stop; at += stride) a = f32x4.add(a, loadLanes(at, lanes));
      sum = f32x4.add(sum, a);
    }
    storeLanes(out + (column << 2), f32x4.div(sum, divisors), lanes);
  }
}
