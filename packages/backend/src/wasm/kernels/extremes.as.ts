// What is no number stays none: so the instructions of wasm have it, and comparisons do not.

/**
 * y[i] = the larger of a[i] and b[i], or the smaller, for i from `from` to `to`. The numbers of an input are its step apart, in bytes: 4,
 * or 0 where it has one.
 */
export function extremes(
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  larger: bool,
  from: usize,
  to: usize,
): void {
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const u = aStep == 0 ? v128.load32_splat(a) : v128.load(a + i * aStep);
    const v = bStep == 0 ? v128.load32_splat(b) : v128.load(b + i * bStep);
    v128.store(y + (i << 2), larger ? f32x4.max(u, v) : f32x4.min(u, v));
  }
  for (; i < to; i++) {
    const u = load<f32>(a + i * aStep);
    const v = load<f32>(b + i * bStep);
    store<f32>(y + (i << 2), larger ? max(u, v) : min(u, v));
  }
}

/** y[i] = x[i], no less than `low` and no more than `high`, for i from `from` to `to`. */
export function clamp(y: usize, x: usize, low: f32, high: f32, from: usize, to: usize): void {
  let i = from << 2;
  const end = to << 2;
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (; i + 32 <= end; i += 32) {
    v128.store(y + i, within(v128.load(x + i), lows, highs));
    v128.store(y + i, within(v128.load(x + i, 16), lows, highs), 16);
  }
  for (; i < end; i += 4) {
    v128.store_lane<f32>(y + i, within(v128.load32_splat(x + i), lows, highs), 0);
  }
}

/** One instruction of a processor for each, where the first is what is no number; f32x4.min and max take several. */
function within(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

/**
 * y[i] = dy[i] where 0 < x[i] < `high`, an Infinity that x may be as well, or x[i] is no number, and 0 elsewhere, for i from `from` to
 * `to`.
 */
export function between(y: usize, dy: usize, x: usize, high: f32, from: usize, to: usize): void {
  const zero = f32x4.splat(0);
  // Nothing is beyond NaN.
  const highs = f32x4.splat(high == f32(Infinity) ? f32(NaN) : high);
  const end = to << 2;
  let i = from << 2;
  for (; i + 16 <= end; i += 16) {
    v128.store(y + i, kept(v128.load(dy + i), v128.load(x + i), zero, highs));
  }
  for (; i < end; i += 4) {
    const one = kept(v128.load32_splat(dy + i), v128.load32_splat(x + i), zero, highs);
    v128.store_lane<f32>(y + i, one, 0);
  }
}

function kept(dy: v128, x: v128, low: v128, high: v128): v128 {
  return v128.andnot(dy, v128.or(f32x4.le(x, low), f32x4.ge(x, high)));
}
