// Functions of float that the compiler can run on whole vectors, and the attribute that makes it do so.
#pragma once

#include <cstdint>

// The newest level of x86-64 that functions are compiled for: 4 has AVX-512, 3 has AVX2, 1 is the baseline. Tests lower
// it, to run the older versions on a newer processor.
#ifndef NEVEREND_X86_LEVEL
#define NEVEREND_X86_LEVEL 4
#endif

// One version of the function for each generation of vector instructions; the processor at hand picks at load time.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#if NEVEREND_X86_LEVEL >= 4
#define NEVEREND_VECTORISED \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif NEVEREND_X86_LEVEL == 3
#define NEVEREND_VECTORISED __attribute__((target_clones("arch=x86-64-v3", "default")))
#endif
#endif
#ifndef NEVEREND_VECTORISED
#define NEVEREND_VECTORISED
#endif
#define NEVEREND_INLINE static inline __attribute__((always_inline))

namespace neverend {

// 1.5 * 2^23 + 127. A number well below 2^22 that it is added to becomes whole, n, and the last bits of the sum are
// those of n + 127, the exponent of 2^n.
constexpr float kShift = 12583039.0f;

// e^x to 2 units in the last place: 2^n e^r with |r| <= ln(2) / 2, XNNPACK's polynomial. 0 below -87.3, where float
// has no normal number; bounded by 1.7e38 above. NaN for NaN.
NEVEREND_INLINE float exponential(float x) {
  const float bounded = x > 88.02969f ? 88.02969f : x;
  const float shifted = bounded * 1.44269504f + kShift;
  const float power = __builtin_bit_cast(float, __builtin_bit_cast(int32_t, shifted) << 23);
  const float n = shifted - kShift;
  // ln(2) in two parts, so that the difference stays exact.
  float r = bounded - n * 0.693145751953125f;
  r -= n * 1.428606765330187e-6f;
  float p = r * 8.289290592074394e-3f + 4.189782217144966e-2f;
  p = p * r + 0.16667652130126953f;
  p = p * r + 0.4999915063381195f;
  p = p * r + 0.9999997019767761f;
  const float value = r * power * p + power;
  // No branch: it would keep a loop from being vectorised.
  return x < -87.33654f ? 0.0f : value;
}

NEVEREND_INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

// erf to 4e-7 absolute: a rational function in x^2, as in Eigen; 1 from 4 on to within a float.
NEVEREND_INLINE float errorFunction(float x) {
  const float t = x > 4.0f ? 4.0f : (x < -4.0f ? -4.0f : x);
  const float s = t * t;
  float p = -2.72614225801306e-10f;
  p = p * s + 2.77068142495902e-08f;
  p = p * s + -2.10102402082508e-06f;
  p = p * s + -5.69250639462346e-05f;
  p = p * s + -7.34990630326855e-04f;
  p = p * s + -2.95459980854025e-03f;
  p = p * s + -1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * s + -2.13374055278905e-04f;
  q = q * s + -1.68282697438203e-03f;
  q = q * s + -7.37332916720468e-03f;
  q = q * s + -1.42647390514189e-02f;
  return t * p / q;
}

}  // namespace neverend
