import { madd } from './madd.as';

/**
 * 1.5 · 2^23 + 127. A number well below 2^22 that it is added to becomes whole, n, and the last bits of the sum are those of
 * n + 127, the exponent of 2^n.
 */
const SHIFT: f32 = 12583039;

/**
 * e^x in each lane, within 2 units in the last place, 2.3 without FMA: 2^n times a polynomial on |r| <= ln 2 / 2, with XNNPACK's
 * coefficients. 0 below -87.3, where float32 has no normal number; 1.7e38 from 88.03 on, and NaN for NaN.
 */
@inline
export function exp(x: v128): v128 {
  // One instruction, where min takes several to put zeros and NaN right.
  const bounded = f32x4.pmin(x, f32x4.splat(88.02969));
  const shifted = madd(bounded, f32x4.splat(1.44269504), f32x4.splat(SHIFT));
  const power = i32x4.shl(shifted, 23);
  const n = f32x4.sub(shifted, f32x4.splat(SHIFT));
  // ln 2 in two parts, of which the first has few enough bits for exact products.
  let r = madd(n, f32x4.splat(-0.693145751953125), bounded);
  r = madd(n, f32x4.splat(-1.428606765330187e-6), r);
  let p = madd(r, f32x4.splat(8.289290592074394e-3), f32x4.splat(4.189782217144966e-2));
  p = madd(p, r, f32x4.splat(0.16667652130126953));
  p = madd(p, r, f32x4.splat(0.4999915063381195));
  p = madd(p, r, f32x4.splat(0.9999997019767761));
  const result = madd(f32x4.mul(r, power), p, power);
  return v128.andnot(result, f32x4.lt(x, f32x4.splat(-87.33654)));
}

/** 2^x in each lane, for x from -126 to 126, as precise as `exp`, whose polynomial it has with ln 2 in its coefficients. */
@inline
export function exp2(x: v128): v128 {
  const shifted = f32x4.add(x, f32x4.splat(SHIFT));
  const power = i32x4.shl(shifted, 23);
  const r = f32x4.sub(x, f32x4.sub(shifted, f32x4.splat(SHIFT)));
  const square = f32x4.mul(r, r);
  const low = madd(r, f32x4.splat(0.2402224262), f32x4.splat(0.693146974));
  const middle = madd(r, f32x4.splat(0.009671487911), f32x4.splat(0.0555073905));
  const high = madd(square, f32x4.splat(0.001326308857), middle);
  const p = madd(square, high, low);
  return madd(f32x4.mul(r, power), p, power);
}
