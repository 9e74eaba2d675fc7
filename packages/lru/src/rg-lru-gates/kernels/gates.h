// What the gates of the RG-LRU are made of, number by number.
#pragma once

#include <neverend/simd.h>

namespace neverend {

// 1 - exp(z) for z <= 0 near 0, where the difference would lose its digits, by the first powers.
NEVEREND_INLINE float nearOneMinusExp(float z) {
  float p = z * (1.0f / 40320.0f) + 1.0f / 5040.0f;
  p = p * z + 1.0f / 720.0f;
  p = p * z + 1.0f / 120.0f;
  p = p * z + 1.0f / 24.0f;
  p = p * z + 1.0f / 6.0f;
  p = p * z + 0.5f;
  p = p * z + 1.0f;
  return -z * p;
}

// 1 - exp(z) for z <= 0.
NEVEREND_INLINE float oneMinusExp(float z) {
  const float near = nearOneMinusExp(z), far = 1.0f - exponential(z);
  return z > -0.5f ? near : far;
}

// 1 - a^2 for a = exp(logA), logA <= 0.
NEVEREND_INLINE float oneMinusSquare(float logA, float a) {
  const float z = 2.0f * logA, near = nearOneMinusExp(z), far = 1.0f - a * a;
  return z > -0.5f ? near : far;
}

// `going` is 1 - reset. A product, as the compiler makes no vectors of a choice by it: that took four times as long.
NEVEREND_INLINE float gammaOf(float radicand, float going) {
  return __builtin_sqrtf(radicand < 0.0f ? 0.0f : radicand) * going + (1.0f - going);
}

}  // namespace neverend
