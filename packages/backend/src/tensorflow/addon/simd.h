// Functions of float that the compiler can run on whole vectors, and the attribute that makes it do so.
#pragma once

#include <cstdint>

// One version of the function for each generation of vector instructions; the processor at hand picks at load time.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define NEVEREND_VECTORISED \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NEVEREND_VECTORISED
#endif
#define NEVEREND_INLINE static inline __attribute__((always_inline))

namespace neverend {

// e^x to 2 units in the last place: 2^n e^r with |r| <= ln(2) / 2, the polynomial of Cephes' expf. 0 below
// -87.7; bounded by 2.2e38 above.
NEVEREND_INLINE float exponential(float x) {
  float bounded = x > 88.3f ? 88.3f : x;
  bounded = bounded < -88.0f ? -88.0f : bounded;
  const float whole = __builtin_floorf(bounded * 1.44269504f + 0.5f);
  // ln(2) in two parts, so that the difference stays exact.
  const float r = (bounded - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float power = p * (r * r) + r + 1.0f;
  // The bits of 2^whole; those of 0 where whole is -127. No branch: it would keep a loop from being vectorised.
  const int32_t bits = (static_cast<int32_t>(whole) + 127) << 23;
  return power * __builtin_bit_cast(float, bits);
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
