// The part of x that GELU lets pass.
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

}  // namespace neverend
