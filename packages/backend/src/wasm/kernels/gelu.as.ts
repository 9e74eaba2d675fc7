import { exp } from './exp.as';
import { madd } from './madd.as';
import { normalDistribution } from './normal.as';

// 0.5 (1 + tanh(u)) = 1 / (1 + exp(-2u)), so with u = sqrt(2/π) (x + 0.044715 x³) the exponent is -x (LINEAR + CUBIC x²).
const LINEAR: f32 = 1.5957691216;
const CUBIC: f32 = 0.0713548162726;

@inline
export function tanhGate(x: v128): v128 {
  const slope = madd(f32x4.mul(x, x), f32x4.splat(CUBIC), f32x4.splat(LINEAR));
  const power = exp(f32x4.neg(f32x4.mul(x, slope)));
  return f32x4.div(f32x4.splat(1), f32x4.add(power, f32x4.splat(1)));
}

@inline
export function value(x: v128, erf: bool): v128 {
  return f32x4.mul(x, erf ? normalDistribution(x) : tanhGate(x));
}

@inline
export function slope(x: v128, erf: bool): v128 {
  if (erf) {
    const density = f32x4.mul(
      exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5))),
      f32x4.splat(0.398942280),
    );
    return madd(x, density, normalDistribution(x));
  }
  const gate = tanhGate(x);
  const inner = madd(f32x4.mul(x, x), f32x4.splat(3 * CUBIC), f32x4.splat(LINEAR));
  const rest = f32x4.mul(x, f32x4.sub(f32x4.splat(1), gate));
  return madd(f32x4.mul(gate, rest), inner, gate);
}

/** y = GELU(x + bias) for rows `from` to `to` of `width` numbers; the last of all rows ends with the `size` of x. */
export function gelu(
  y: usize,
  x: usize,
  bias: usize,
  width: usize,
  size: usize,
  erf: bool,
  from: usize,
  to: usize,
): void {
  for (let row = from; row < to; row++) {
    const first = (row * width) << 2;
    const bytes = (min((row + 1) * width, size) << 2) - first;
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) {
      let v = v128.load(x + first + j);
      if (bias != 0) v = f32x4.add(v, v128.load(bias + j));
      v128.store(y + first + j, value(v, erf));
    }
    for (; j < bytes; j += 4) {
      let v = v128.load32_zero(x + first + j);
      if (bias != 0) v = f32x4.add(v, v128.load32_zero(bias + j));
      v128.store_lane<f32>(y + first + j, value(v, erf), 0);
    }
  }
}

/** dx = dy times the slope of GELU at x + bias; rows as `gelu` has them. */
export function geluGrad(
  dx: usize,
  dy: usize,
  x: usize,
  bias: usize,
  width: usize,
  size: usize,
  erf: bool,
  from: usize,
  to: usize,
): void {
  for (let row = from; row < to; row++) {
    const first = (row * width) << 2;
    const bytes = (min((row + 1) * width, size) << 2) - first;
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) {
      let v = v128.load(x + first + j);
      if (bias != 0) v = f32x4.add(v, v128.load(bias + j));
      v128.store(dx + first + j, f32x4.mul(v128.load(dy + first + j), slope(v, erf)));
    }
    for (; j < bytes; j += 4) {
      let v = v128.load32_zero(x + first + j);
      if (bias != 0) v = f32x4.add(v, v128.load32_zero(bias + j));
      const gradient = f32x4.mul(v128.load32_zero(dy + first + j), slope(v, erf));
      v128.store_lane<f32>(dx + first + j, gradient, 0);
    }
  }
}
