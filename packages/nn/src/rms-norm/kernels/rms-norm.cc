// RMS norm (Zhang and Sennrich, 2019) over the last axis, with gain: x [..., D], gain [D]; rstd (1 / root mean square) [rows].
#include <cmath>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

#include "../../layer-norm/kernels/norm.h"

namespace neverend {
namespace {

NEVEREND_VECTORISED void rmsForward(const float* __restrict x, const float* __restrict gain,
                                    float epsilon, float* __restrict y, float* __restrict rstds,
                                    int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t j = 0; j < columns; ++j) squares += x[j] * x[j];
    const float rstd = 1.0f / std::sqrt(squares / columns + epsilon);
    for (int64_t j = 0; j < columns; ++j) y[j] = x[j] * rstd * gain[j];
    rstds[row] = rstd;
  }
}

NEVEREND_VECTORISED void rmsBackward(const float* __restrict dy, const float* __restrict x,
                                     const float* __restrict gain, const float* __restrict rstds,
                                     float* __restrict dx, float* __restrict dgain, int64_t rows,
                                     int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, dy += columns, x += columns, dx += columns) {
    const float rstd = rstds[row];
    float product = 0;
#pragma omp simd reduction(+ : product)
    for (int64_t j = 0; j < columns; ++j) {
      const float h = x[j] * rstd;
      product += dy[j] * gain[j] * h;
      dgain[j] += dy[j] * h;
    }
    product /= columns;
    for (int64_t j = 0; j < columns; ++j) {
      dx[j] = rstd * (dy[j] * gain[j] - x[j] * rstd * product);
    }
  }
}

void rmsNorm(Run& run) {
  const Tensor x = run.input(0), gain = run.input(1);
  if (!run.ok()) return;
  requireWidth(run, x, gain, kGain);
  if (!run.ok()) return;
  const int64_t rows = x.rows(), columns = x.columns();
  const Tensor y = run.output(0, x.shape()), rstd = run.output(1, {rows});
  if (!run.ok()) return;
  const float epsilon = run.attribute("epsilon");
  parallel(rows, 2 * x.size(), [&](int64_t begin, int64_t end, int) {
    const int64_t at = begin * columns;
    rmsForward(x.floats() + at, gain.floats(), epsilon, y.floats() + at,
               rstd.floats() + begin, end - begin, columns);
  });
}

void rmsNormGrad(Run& run) {
  const Tensor dy = run.input(0), x = run.input(1), gain = run.input(2), rstd = run.input(3);
  if (!run.ok()) return;
  const int64_t rows = x.rows(), columns = x.columns(), cost = 3 * x.size();
  run.require(dy.size() == x.size(), "dy must have the shape of x");
  run.require(rstd.size() == rows, "rstd must be [rows]");
  requireWidth(run, x, gain, kGain);
  if (!run.ok()) return;
  const Tensor dx = run.output(0, x.shape()), dgain = run.output(1, {columns});
  if (!run.ok()) return;
  sumRows(rows, cost, dgain.floats(), columns, [&](int64_t begin, int64_t end, float* sums) {
    const int64_t at = begin * columns;
    rmsBackward(dy.floats() + at, x.floats() + at, gain.floats(), rstd.floats() + begin,
                dx.floats() + at, sums, end - begin, columns);
  });
}

const Ops ops = [] {
  const char *x = "x: float", *gain = "gain: float", *rstd = "rstd: float";
  return Ops{op<rmsNorm>("NeverendRmsNorm", {x, gain}, {"y: float", rstd}, {"epsilon: float"}),
             op<rmsNormGrad>("NeverendRmsNormGrad", {"dy: float", x, gain, rstd},
                             {"dx: float", "dgain: float"})};
}();

}  // namespace

}  // namespace neverend
