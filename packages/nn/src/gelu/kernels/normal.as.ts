import { exp } from '@neverend/backend/assembly/exp.as';
import { madd } from '@neverend/backend/assembly/madd.as';

/**
 * The distribution function of the standard normal in each lane, Φ(x) = erfc(-x / √2) / 2, by Cephes' polynomials for erf
 * below 1 and for erfc from there and from 2 on. Within 1.5e-6 of its value from -4 on; further down the exponential of a
 * rounded square loses more.
 */
@inline
export function normalDistribution(x: v128): v128 {
  const z = f32x4.mul(x, f32x4.splat(0.70710678));
  const a = f32x4.abs(z);
  const square = f32x4.mul(z, z);

  let t = madd(square, f32x4.splat(7.853861353153693e-5), f32x4.splat(-8.010193625184903e-4));
  t = madd(t, square, f32x4.splat(5.188327685732524e-3));
  t = madd(t, square, f32x4.splat(-2.685381193529856e-2));
  t = madd(t, square, f32x4.splat(1.128358514861418e-1));
  t = madd(t, square, f32x4.splat(-3.761262582423300e-1));
  t = madd(t, square, f32x4.splat(1.128379165726710));
  const near = madd(f32x4.mul(z, t), f32x4.splat(0.5), f32x4.splat(0.5));

  const q = f32x4.div(f32x4.splat(1), f32x4.max(a, f32x4.splat(0.5)));
  const y = f32x4.mul(q, q);
  let p = madd(y, f32x4.splat(2.326819970068386e-2), f32x4.splat(-1.387039388740657e-1));
  p = madd(p, y, f32x4.splat(3.687424674597105e-1));
  p = madd(p, y, f32x4.splat(-5.824733027278666e-1));
  p = madd(p, y, f32x4.splat(6.210004621745983e-1));
  p = madd(p, y, f32x4.splat(-4.944515323274145e-1));
  p = madd(p, y, f32x4.splat(3.404879937665872e-1));
  p = madd(p, y, f32x4.splat(-2.741127028184656e-1));
  p = madd(p, y, f32x4.splat(5.638259427386472e-1));
  let r = madd(y, f32x4.splat(-1.047766399936249e1), f32x4.splat(1.297719955372516e1));
  r = madd(r, y, f32x4.splat(-7.495518717768503));
  r = madd(r, y, f32x4.splat(2.921019019210786));
  r = madd(r, y, f32x4.splat(-1.015265279202700));
  r = madd(r, y, f32x4.splat(4.218463358204948e-1));
  r = madd(r, y, f32x4.splat(-2.820767439740514e-1));
  r = madd(r, y, f32x4.splat(5.641895067754075e-1));
  const tail = f32x4.mul(
    f32x4.mul(exp(f32x4.neg(square)), f32x4.splat(0.5)),
    f32x4.mul(q, v128.bitselect(p, r, f32x4.lt(a, f32x4.splat(2)))),
  );
  const far = v128.bitselect(
    tail,
    f32x4.sub(f32x4.splat(1), tail),
    f32x4.lt(x, f32x4.splat(0)),
  );
  return v128.bitselect(near, far, f32x4.lt(a, f32x4.splat(1)));
}
