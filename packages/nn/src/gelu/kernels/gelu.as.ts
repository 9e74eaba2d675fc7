import { exp, exp2 } from '@neverend/backend/assembly/exp.as';
import { madd } from '@neverend/backend/assembly/madd.as';
import { normalDistribution } from './normal.as';
import { addTo, loadLanes, storeLanes } from '@neverend/backend/assembly/sums.as';

// 0.5 (1 + tanh(u)) = 1 / (1 + 2^(-2u log2(e))), so with u = sqrt(2/π) (x + 0.044715 x³) the exponent is
// -x (LINEAR + CUBIC x²).
const LINEAR: f32 = 2.3022081981;
const CUBIC: f32 = 0.1029432396;
const LN_2: f32 = 0.6931471806;

/** One over the share of x that passes. */
@inline
export function tanhBar(square: v128, x: v128): v128 {
  const slope = madd(square, f32x4.splat(-CUBIC), f32x4.splat(-LINEAR));
  const exponent = f32x4.mul(x, slope);
  // Beyond these the share is 0 or 1.
  const bounded = f32x4.pmax(f32x4.pmin(exponent, f32x4.splat(126)), f32x4.splat(-126));
  return f32x4.add(exp2(bounded), f32x4.splat(1));
}

@inline
export function value(far: v128, erf: bool): v128 {
  // Below -30 nothing passes: the least share that a float can be would let much of a large number pass.
  const x = f32x4.max(far, f32x4.splat(-30));
  if (erf) return f32x4.mul(x, normalDistribution(x));
  return f32x4.div(x, tanhBar(f32x4.mul(x, x), x));
}

@inline
export function slope(far: v128, erf: bool): v128 {
  // From 30 on the slope is 0 or 1, and squares of much larger numbers overflow.
  const x = f32x4.max(f32x4.min(far, f32x4.splat(30)), f32x4.splat(-30));
  const square = f32x4.mul(x, x);
  if (erf) {
    const density = f32x4.mul(
      exp(f32x4.mul(square, f32x4.splat(-0.5))),
      f32x4.splat(0.398942280),
    );
    return madd(x, density, normalDistribution(x));
  }
  const gate = f32x4.div(f32x4.splat(1), tanhBar(square, x));
  const inner = madd(square, f32x4.splat(3 * CUBIC * LN_2), f32x4.splat(LINEAR * LN_2));
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
    if (erf) valuesByErf(y + first, x + first, bias, bytes);
    else valuesByTanh(y + first, x + first, bias, bytes);
  }
}

/**
 * dx = dy times the slope of GELU at x + bias, rows as `gelu` has them, in the blocks `from` to `to` of `height` rows. Where there
 * is a bias, sums[block] becomes the sum over the rows of dx.
 */
export function geluGrad(
  dx: usize,
  sums: usize,
  dy: usize,
  x: usize,
  bias: usize,
  width: usize,
  size: usize,
  height: usize,
  erf: bool,
  from: usize,
  to: usize,
): void {
  const end = (size + width - 1) / width;
  for (let block = from; block < to; block++) {
    const total = sums + ((block * width) << 2);
    if (bias != 0) memory.fill(total, 0, width << 2);
    const stop = min((block + 1) * height, end);
    for (let row = block * height; row < stop; row++) {
      const first = (row * width) << 2;
      const bytes = (min((row + 1) * width, size) << 2) - first;
      if (erf) slopesByErf(dx + first, dy + first, x + first, bias, total, bytes);
      else slopesByTanh(dx + first, dy + first, x + first, bias, total, bytes);
    }
  }
}

// A function for each form: what is constant in one loop then has the registers for itself.

function valuesByErf(y: usize, x: usize, bias: usize, bytes: usize): void {
  eachVector(y, 0, x, bias, 0, bytes, true, false);
}

function valuesByTanh(y: usize, x: usize, bias: usize, bytes: usize): void {
  eachVector(y, 0, x, bias, 0, bytes, false, false);
}

function slopesByErf(dx: usize, dy: usize, x: usize, bias: usize, sums: usize, bytes: usize): void {
  eachVector(dx, dy, x, bias, sums, bytes, true, true);
}

function slopesByTanh(dx: usize, dy: usize, x: usize, bias: usize, sums: usize, bytes: usize): void {
  eachVector(dx, dy, x, bias, sums, bytes, false, true);
}

@inline
export function eachVector(
  out: usize,
  dy: usize,
  x: usize,
  bias: usize,
  sums: usize,
  bytes: usize,
  erf: bool,
  grad: bool,
): void {
  let j: usize = 0;
  // Two vectors, the second at a constant distance, for which the compiler adds no address.
  for (; j + 32 <= bytes; j += 32) {
    let low = v128.load(x + j);
    let high = v128.load(x + j, 16);
    if (bias != 0) {
      low = f32x4.add(low, v128.load(bias + j));
      high = f32x4.add(high, v128.load(bias + j, 16));
    }
    low = grad ? f32x4.mul(v128.load(dy + j), slope(low, erf)) : value(low, erf);
    high = grad ? f32x4.mul(v128.load(dy + j, 16), slope(high, erf)) : value(high, erf);
    v128.store(out + j, low);
    v128.store(out + j, high, 16);
    if (grad && bias != 0) {
      v128.store(sums + j, f32x4.add(v128.load(sums + j), low));
      v128.store(sums + j, f32x4.add(v128.load(sums + j, 16), high), 16);
    }
  }
  for (; j < bytes; j += 16) {
    const lanes = min(4, (bytes - j) >> 2);
    let v = loadLanes(x + j, lanes);
    if (bias != 0) v = f32x4.add(v, loadLanes(bias + j, lanes));
    v = grad ? f32x4.mul(loadLanes(dy + j, lanes), slope(v, erf)) : value(v, erf);
    storeLanes(out + j, v, lanes);
    if (grad && bias != 0) addTo(sums + j, v, lanes);
  }
}
