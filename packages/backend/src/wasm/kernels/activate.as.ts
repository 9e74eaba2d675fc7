const RELU6: u32 = 2;
const LEAKY_RELU: u32 = 3;

/** The activation of a number: 0 linear, 1 relu, 2 relu6, 3 leaky relu with the slope `alpha`. NaN stays NaN. */
export function activate(x: v128, activation: u32, alpha: f32): v128 {
  if (activation == 0) return x;
  const zero = f32x4.splat(0);
  if (activation == LEAKY_RELU) {
    return v128.bitselect(f32x4.mul(x, f32x4.splat(alpha)), x, f32x4.lt(x, zero));
  }
  const y = f32x4.max(x, zero);
  return activation == RELU6 ? f32x4.min(y, f32x4.splat(6)) : y;
}
