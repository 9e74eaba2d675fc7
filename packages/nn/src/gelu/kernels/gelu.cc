// GELU (Hendrycks and Gimpel, 2016): x times the normal distribution function of x, by erf or by its approximation
// with tanh, of x + bias. [..., D] and [D]; a bias of length 0 is none.
#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

#include "share.h"

namespace neverend {
namespace {

template <bool kTanh>
NEVEREND_INLINE float slope(float x) {
  // From 30 on the slope is 0 or 1, and squares of much larger numbers overflow.
  float t = x > 30.0f ? 30.0f : x;
  t = t < -30.0f ? -30.0f : t;
  const float s = share<kTanh>(t);
  if (!kTanh) return s + t * 0.3989422804f * exponential(-0.5f * t * t);
  return s + t * s * (1.0f - s) * 2.0f * kRootTwoOverPi * (1.0f + 3.0f * kCubic * t * t);
}

template <bool kTanh>
NEVEREND_INLINE void forward(const float* __restrict x, const float* __restrict bias,
                             float* __restrict y, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    if (bias == nullptr) {
      for (int64_t j = 0; j < columns; ++j) y[j] = geluOf<kTanh>(x[j]);
      continue;
    }
    for (int64_t j = 0; j < columns; ++j) y[j] = geluOf<kTanh>(x[j] + bias[j]);
  }
}

template <bool kTanh>
NEVEREND_INLINE void backward(const float* __restrict dy, const float* __restrict x,
                              const float* __restrict bias, float* __restrict dx,
                              float* __restrict dbias, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, dy += columns, x += columns, dx += columns) {
    if (bias == nullptr) {
      for (int64_t j = 0; j < columns; ++j) dx[j] = dy[j] * slope<kTanh>(x[j]);
      continue;
    }
    for (int64_t j = 0; j < columns; ++j) {
      const float d = dy[j] * slope<kTanh>(x[j] + bias[j]);
      dx[j] = d;
      dbias[j] += d;
    }
  }
}

NEVEREND_VECTORISED void forwardTanh(const float* x, const float* bias, float* y, int64_t rows,
                                     int64_t columns) {
  forward<true>(x, bias, y, rows, columns);
}
NEVEREND_VECTORISED void forwardErf(const float* x, const float* bias, float* y, int64_t rows,
                                    int64_t columns) {
  forward<false>(x, bias, y, rows, columns);
}
NEVEREND_VECTORISED void backwardTanh(const float* dy, const float* x, const float* bias, float* dx,
                                      float* dbias, int64_t rows, int64_t columns) {
  backward<true>(dy, x, bias, dx, dbias, rows, columns);
}
NEVEREND_VECTORISED void backwardErf(const float* dy, const float* x, const float* bias, float* dx,
                                     float* dbias, int64_t rows, int64_t columns) {
  backward<false>(dy, x, bias, dx, dbias, rows, columns);
}

// Without a bias a tensor is one long row, whatever its shape.
struct Extent {
  int64_t rows;
  int64_t columns;
};

Extent extent(Run& run, const Tensor& x, const Tensor& bias) {
  if (bias.size() == 0) return {x.size(), 1};
  run.require(bias.rank() == 1 && bias.size() == x.columns(),
              "bias must be [D] with the D of x's last axis, or of length 0");
  return {x.rows(), x.columns()};
}

void gelu(Run& run) {
  const bool approximate = run.attribute("approximate") != 0;
  const Tensor x = run.input(0), bias = run.input(1);
  if (!run.ok()) return;
  const Extent size = extent(run, x, bias);
  if (!run.ok()) return;
  const Tensor y = run.output(0, x.shape());
  if (!run.ok()) return;
  parallel(size.rows, 2 * x.size(), [&](int64_t begin, int64_t end, int) {
    const auto work = approximate ? forwardTanh : forwardErf;
    const int64_t at = begin * size.columns;
    if (bias.size() == 0) return work(x.floats() + at, nullptr, y.floats() + at, 1, end - begin);
    work(x.floats() + at, bias.floats(), y.floats() + at, end - begin, size.columns);
  });
}

void geluGrad(Run& run) {
  const bool approximate = run.attribute("approximate") != 0;
  const Tensor dy = run.input(0), x = run.input(1), bias = run.input(2);
  if (!run.ok()) return;
  run.require(dy.size() == x.size(), "dy must have the shape of x");
  const Extent size = extent(run, x, bias);
  if (!run.ok()) return;
  const Tensor dx = run.output(0, x.shape()), dbias = run.output(1, bias.shape());
  if (!run.ok()) return;
  const int64_t cost = 3 * x.size();
  const auto work = approximate ? backwardTanh : backwardErf;
  if (bias.size() == 0) {
    return parallel(size.rows, cost, [&](int64_t begin, int64_t end, int) {
      work(dy.floats() + begin, x.floats() + begin, nullptr, dx.floats() + begin, nullptr, 1,
           end - begin);
    });
  }
  sumRows(size.rows, cost, dbias.floats(), size.columns,
          [&](int64_t begin, int64_t end, float* sums) {
            const int64_t at = begin * size.columns;
            work(dy.floats() + at, x.floats() + at, bias.floats(), dx.floats() + at, sums,
                 end - begin, size.columns);
          });
}

const Ops ops{
    op<gelu>("NeverendGelu", {"x: float", "bias: float"}, {"y: float"}, {"approximate: bool"}),
    op<geluGrad>("NeverendGeluGrad", {"dy: float", "x: float", "bias: float"},
                 {"dx: float", "dbias: float"}, {"approximate: bool"})};

}  // namespace

}  // namespace neverend
