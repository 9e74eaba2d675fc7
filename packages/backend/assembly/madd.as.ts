/** a * b + c in each lane: rounded once where the host has relaxed SIMD and FMA, else twice. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD
    ? v128.relaxed_madd<f32>(a, b, c)
    : f32x4.add(f32x4.mul(a, b), c);
}
