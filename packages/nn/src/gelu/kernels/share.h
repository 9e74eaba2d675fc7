// GELU and the part of x that it lets pass.
#pragma once

#include <neverend/simd.h>

namespace neverend {

constexpr float kRootTwoOverPi = 0.7978845608f;
constexpr float kCubic = 0.044715f;

// The normal distribution function, or sigmoid(2u) = (1 + tanh(u)) / 2 for the one by tanh.
template <bool kTanh>
NEVEREND_INLINE float share(float x) {
  if (kTanh) return sigmoid(2.0f * kRootTwoOverPi * (x + kCubic * x * x * x));
  return 0.5f + 0.5f * errorFunction(x * 0.7071067812f);
}

// Below -30 nothing passes: the least share that a float can be would let much of a large number pass.
template <bool kTanh>
NEVEREND_INLINE float geluOf(float x) {
  const float near = x < -30.0f ? -30.0f : x;
  return near * share<kTanh>(near);
}

}  // namespace neverend
