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
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const clamped = f32x4.min(f32x4.max(v128.load(x + (i << 2)), f32x4.splat(low)), f32x4.splat(high));
    v128.store(y + (i << 2), clamped);
  }
  for (; i < to; i++) store<f32>(y + (i << 2), min(max(load<f32>(x + (i << 2)), low), high));
}
